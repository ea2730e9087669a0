/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-output-private.h"

/* Names stand in quotes: they are another person's words, and the sentence around them is not. */

/* Services that are told of one by one. */
#define MAX_SERVICES 20

/* A port below this one is for administrators to listen on, so another one is proposed. */
#define FIRST_FREE_PORT 1024
#define PORT_OFFSET 8000

static void
on_session (const PhSessionInfo *info, gpointer user_data)
{
  PhOutput *self = user_data;

  ph_output_say (self, "\nYour session is ready. Pass this link on to whoever shall join:\n");
  ph_output_say (self, "    %s\n", info->link);
  ph_output_say (self, "They paste it into Porthole, or type:\n");
  ph_output_say (self, "    porthole join '%s' -L PORT\n", info->link);
  for (gsize i = 0; info->more_links[i] != NULL; i++)
    ph_output_say (self, "%s    %s", i == 0 ? "From other networks of this computer:\n" : "",
                   info->more_links[i]);
  ph_output_say (self, "Share code (where the same server is set): %s", info->code);
  if (info->own_port != 0)
    ph_output_say (self, "The link works where this computer can be reached: in the same house, "
                         "office or VPN. For somebody elsewhere there are --manual and --signal.");
  ph_output_say (self, "Waiting for someone to join. Type “quit” or press Ctrl+C to end.");
}

static void
on_offer (PhOutput *self, const char *text)
{
  ph_output_say (self, "\nYour offer is ready. Send all of it to whoever shall join:\n");
  ph_output_say (self, "%s", text);
  ph_output_say (self,
                 "They type “porthole join --manual -L PORT”, paste it there, and send you the "
                 "answer that\nshows. Paste that here: it lets them in. The offer is for one "
                 "Client, and for an hour;\n“offer” makes another one. “quit” or Ctrl+C ends "
                 "it all.");
}

static void
on_answer (PhOutput *self, const char *text)
{
  ph_output_say (self, "\nYour answer is ready. Send all of it back to the Host:\n");
  ph_output_say (self, "%s", text);
  ph_output_say (self, "Waiting for the Host to paste it, for at most 10 minutes …");
}

static void
on_block (const char *text, gpointer user_data)
{
  PhOutput *self = user_data;

  if (text == NULL)
    return;
  if (self->role == PH_OUTPUT_HOST)
    on_offer (self, text);
  else
    on_answer (self, text);
}

static void
on_join_request (const char *client, gboolean is_verified, gpointer user_data)
{
  const char *how =
      is_verified ? "verified by the share code" : "NOT verified: joined without the share code";

  ph_output_say (user_data, "“%s” wants to join (%s).", client, how);
  ph_output_note_question (user_data);
}

static void
on_verify (const char *peer, const char *number, gpointer user_data)
{
  PhOutput *self = user_data;

  ph_output_say (self, "Compare this number with “%s” by voice: %.4s %.4s %.4s", peer, number,
                 number + 4, number + 8);
  ph_output_say (self, "If it is not the same, somebody stands between you: do not go on.");
  if (self->role == PH_OUTPUT_JOIN)
    ph_output_say (self, "Nothing goes through before “%s” has said that it is the same.", peer);
  g_free (self->compared);
  self->compared = self->questions_changed != NULL ? g_strdup (peer) : NULL;
  ph_output_note_question (self);
}

static const char *
path_words (PhPathKind kind)
{
  switch (kind)
    {
    case PH_PATH_LAN:
      return "directly, on the same network";
    case PH_PATH_NAT:
      return "directly, through a router";
    case PH_PATH_RELAYED:
      return "through a relay";
    }
  g_assert_not_reached ();
}

static void
on_connected (const char *peer, const PhPath *path, gpointer user_data)
{
  PhOutput *self = user_data;

  if (g_strcmp0 (self->compared, peer) == 0)
    ph_output_say (self, "Connected to “%s”; nothing goes through until you have answered.", peer);
  else
    ph_output_say (self, "Connected to “%s” %s. Everything is encrypted end to end.", peer,
                   path_words (path->kind));
}

static void
on_mapping (const char *local,
            const char *remote,
            PhMappingState state,
            const char *message,
            gpointer user_data)
{
  PhOutput *self = user_data;

  switch (state)
    {
    case PH_MAPPING_LISTENING:
      g_hash_table_add (self->mapped, g_strdup (remote));
      ph_output_say (self, "%s here leads to %s at the Host.", local, remote);
      break;
    case PH_MAPPING_FAILED:
      ph_output_complain (self, message);
      break;
    case PH_MAPPING_REMOVED:
      g_hash_table_remove (self->mapped, remote);
      ph_output_say (self, "%s is no longer mapped.", local);
      break;
    }
}

/* What is typed to reach it: “25565”, “8080:127.0.0.1:80”. */
static char *
dup_mapping (const PhService *service)
{
  g_autofree char *remote = ph_service_dup_text (service);
  guint port = service->port >= FIRST_FREE_PORT ? service->port : service->port + PORT_OFFSET;

  if (port == service->port && g_str_equal (service->address, "127.0.0.1"))
    return g_strdup_printf ("%u", port);
  return g_strdup_printf ("%u:%s", port, remote);
}

static void
say_service (PhOutput *self, const PhService *service, gboolean is_offered)
{
  g_autofree char *title =
      service->title[0] != '\0' ? g_strdup_printf ("“%s”: ", service->title) : g_strdup ("");
  g_autofree char *remote = ph_service_dup_text (service);
  g_autofree char *mapping = dup_mapping (service);
  gboolean is_hinted = is_offered && !g_hash_table_contains (self->mapped, remote);

  ph_output_line (self, PH_WRITER_OUT,
                  g_strdup_printf ("The Host %s %s%s%s%s%s",
                                   is_offered ? "offers" : "no longer offers", title, remote,
                                   is_hinted ? " – map it with “map " : "",
                                   is_hinted ? mapping : "", is_hinted ? "”" : ""),
                  FALSE);
}

/* Those in @services that are not in @others. */
static void
say_services (PhOutput *self,
              const PhServices *services,
              const PhServices *others,
              gboolean is_offered)
{
  guint n;
  const PhService *all = ph_services_get (services, &n);
  guint n_said = 0;

  for (guint i = 0; i < n; i++)
    if (!ph_services_has (others, all[i].address, all[i].port) && n_said++ < MAX_SERVICES)
      say_service (self, &all[i], is_offered);
  if (n_said > MAX_SERVICES)
    ph_output_line (self, PH_WRITER_OUT, g_strdup_printf ("… and %u more", n_said - MAX_SERVICES),
                    FALSE);
}

static void
on_services (PhServices *services, gpointer user_data)
{
  PhOutput *self = user_data;

  say_services (self, self->services, services, FALSE);
  say_services (self, services, self->services, TRUE);
  g_clear_pointer (&self->services, ph_services_unref);
  self->services = ph_services_ref (services);
}

/* People are told of what went wrong; connections that come and go as they should say nothing. */
static void
on_connection (const char *peer, const PhConnectionInfo *info, gboolean is_open, gpointer user_data)
{
  PhOutput *self = user_data;
  g_autofree char *owner = NULL;
  g_autofree char *dst = NULL;
  g_autofree char *remedy = NULL;

  if (is_open || info->reason == PH_CLOSE_DONE || info->reason == PH_CLOSE_SESSION_ENDING)
    return;
  owner = self->role == PH_OUTPUT_HOST ? g_strdup_printf ("“%s”", peer) : g_strdup ("yours");
  dst = ph_destination_dup_text (info->remote);
  if (info->reason == PH_CLOSE_NOT_ALLOWED)
    remedy = self->role == PH_OUTPUT_HOST ? g_strdup_printf (" (“allow %s” would share it)", dst)
                                          : g_strdup (" (the Host has to allow it)");
  ph_output_line (
      self, PH_WRITER_OUT,
      g_strdup_printf ("A connection of %s to %s was closed: %s%s%s%s", owner, dst,
                       ph_close_reason_to_word (info->reason), info->text != NULL ? ": " : "",
                       info->text != NULL ? info->text : "", remedy != NULL ? remedy : ""),
      FALSE);
}

static void
on_disconnected (const char *peer, const char *reason, gpointer user_data)
{
  ph_output_say (user_data, "“%s” is disconnected (%s).", peer, reason);
  ph_output_note_question (user_data);
}

const PhSessionEvents ph_output_text_events = {
  .session = on_session,
  .block = on_block,
  .join_request = on_join_request,
  .verify = on_verify,
  .connected = on_connected,
  .mapping = on_mapping,
  .services = on_services,
  .connection = on_connection,
  .disconnected = on_disconnected,
  .warning = ph_output_on_warning,
  .ended = ph_output_on_ended,
};

/* Clients */

static void
say_client (const PhHostClientInfo *info, gpointer user_data)
{
  if (info->is_connected)
    ph_output_say (user_data, "“%s”: connected (%s), %u connections, %s%u ms round trip",
                   info->name, ph_path_kind_name (info->path->kind), info->counters.connections,
                   info->round_trip_us < 1000 ? "under " : "", MAX (info->round_trip_us / 1000, 1));
  else
    ph_output_say (user_data, "“%s”: %s", info->name,
                   info->is_asking    ? "waiting for your answer"
                   : info->is_leaving ? "leaving"
                                      : "connecting");
}

static void
count_client (const PhHostClientInfo *info, gpointer user_data)
{
  ++*(guint *)user_data;
}

void
ph_output_text_clients (PhOutput *self, PhHost *host)
{
  guint n_clients = 0;

  ph_host_foreach_client (host, say_client, self);
  ph_host_foreach_client (host, count_client, &n_clients);
  if (n_clients == 0)
    ph_output_say (self, "Nobody is here yet.");
}

void
ph_output_text_rules (PhOutput *self, const PhRules *rules)
{
  if (ph_rules_get_count (rules) == 0)
    ph_output_say (self, "Nothing is shared.");
  for (guint i = 0; i < ph_rules_get_count (rules); i++)
    ph_output_say (self, "%s", ph_rules_get_text (rules, i));
}
