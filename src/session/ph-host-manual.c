/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>

#include "core/ph-error.h"
#include "core/ph-timer.h"

#include "ph-host-private.h"

/* Offers */

static gboolean
on_offer_life (gpointer user_data)
{
  PhHost *self = user_data;

  if (self->offer == NULL || self->state != PH_HOST_SERVING)
    return G_SOURCE_CONTINUE;
  ph_host_client_leave (self->offer, PH_CLOSE_SESSION_ENDING, "expired");
  if (self->state == PH_HOST_SERVING) /* whoever heard that it is gone may have ended it */
    self->events->warning (
        "offer-expired",
        _ ("Nobody has answered the offer for too long; it is void now. Make a new "
           "one if somebody is to join"),
        self->user_data);
  return G_SOURCE_CONTINUE;
}

void
ph_host_manual_on_offered (PhHostClient *client, const char *text, gpointer user_data)
{
  PhHost *self = user_data;

  if (text != NULL)
    ph_timer_arm (self->offer_life, self->offer_life_s * 1000);
  else if (self->offer == client)
    self->offer = NULL;
  if (self->state == PH_HOST_SERVING)
    self->events->block (text, self->user_data);
}

static gboolean
check_serving (PhHost *self, GError **error)
{
  const char *fault = NULL;

  if (!self->is_manual)
    fault =
        _ ("This session has a link to join it by; offers and answers are for sessions without a "
           "server");
  else if (self->state == PH_HOST_STARTING)
    fault = _ ("The session is not ready yet; its first offer comes in a moment");
  else if (self->state != PH_HOST_SERVING)
    fault = _ ("The session has ended");
  if (fault != NULL)
    g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID, fault);
  return fault == NULL;
}

gboolean
ph_host_offer (PhHost *self, GError **error)
{
  PhHostClientEnv env = ph_host_get_env (self);
  PhHostClient *old = self->offer;
  PhHostClient *client;

  if (!check_serving (self, error))
    return FALSE;
  if (ph_host_count_staying (self) - (old != NULL ? 1 : 0) >= self->max_clients)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_FULL,
                   _ ("There is no room for another Client: %u may be here at a time"),
                   self->max_clients);
      return FALSE;
    }
  client = ph_host_client_new_manual (&env, error);
  if (client == NULL)
    return FALSE;
  g_ptr_array_add (self->clients, client);
  self->offer = client;
  ph_timer_disarm (self->offer_life); /* it was the old one's */
  if (old != NULL)
    ph_host_client_leave (old, PH_CLOSE_SESSION_ENDING, "replaced");
  return TRUE;
}

/* Answers */

/* Nothing makes people as helpless as text that is refused for a reason they cannot see. */
static PhBlock *
parse_answer (PhHost *self, const char *text, GError **error)
{
  const PhBlock *offer = self->offer != NULL ? ph_host_client_get_offer (self->offer) : NULL;
  PhBlock *answer = ph_block_parse (text, PH_BLOCK_ANSWER, error);
  g_autoptr (PhBlock) own = answer == NULL ? ph_block_parse (text, PH_BLOCK_OFFER, NULL) : NULL;

  if (own == NULL || offer == NULL || !ph_block_is_same_pairing (own, offer))
    return answer;
  g_clear_error (error);
  g_set_error_literal (
      error, PH_ERROR, PH_ERROR_INVALID,
      _ ("That is your own offer. Send it to whoever shall join, and paste here the "
         "answer that comes back"));
  return NULL;
}

static gboolean
is_answered (PhHost *self, const PhBlock *answer)
{
  for (guint i = 0; i < self->clients->len; i++)
    {
      PhHostClient *client = g_ptr_array_index (self->clients, i);
      const PhBlock *offer = ph_host_client_get_offer (client);

      if (client != self->offer && offer != NULL && ph_host_client_get_name (client) != NULL &&
          ph_block_is_same_pairing (offer, answer))
        return TRUE;
    }
  return FALSE;
}

static gboolean
check_meant (PhHost *self, const PhBlock *answer, GError **error)
{
  const PhBlock *offer = self->offer != NULL ? ph_host_client_get_offer (self->offer) : NULL;
  const char *fault = NULL;

  if (is_answered (self, answer))
    fault = _ ("That answer has been taken already. An offer serves one Client: make a new one for "
               "another");
  else if (offer == NULL)
    fault =
        _ ("No offer is open, so that answer is to an older one. Make a new offer, and have that "
           "one answered");
  else if (!ph_block_is_same_pairing (offer, answer))
    fault =
        _ ("That answers another offer than the one that is open now. Send the newest offer, and "
           "paste the answer to that one");
  if (fault != NULL)
    g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID, fault);
  return fault == NULL;
}

gboolean
ph_host_paste (PhHost *self, const char *text, GError **error)
{
  g_autoptr (PhBlock) answer = NULL;
  g_autofree char *name = NULL;

  if (!check_serving (self, error))
    return FALSE;
  answer = parse_answer (self, text, error);
  if (answer == NULL || !check_meant (self, answer, error))
    return FALSE;
  name = ph_host_dup_unique_name (self, answer->name);
  if (!ph_host_client_take_answer (self->offer, answer, name, error))
    return FALSE;
  self->offer = NULL;
  ph_timer_disarm (self->offer_life);
  self->events->block (NULL, self->user_data);
  return TRUE;
}

/* Life */

void
ph_host_manual_open (PhHost *self, guint offer_life_s)
{
  self->offer_life_s = offer_life_s != 0 ? offer_life_s : PH_BLOCK_LIFETIME_S;
  self->offer_life = ph_timer_new (self->context, "[porthole] offer", on_offer_life, self);
}

void
ph_host_manual_serve (PhHost *self)
{
  GError *error = NULL;

  if (self->state >= PH_HOST_ENDING)
    return;
  ph_host_serve (self);
  if (!ph_host_offer (self, &error))
    ph_host_end_with (self, error);
}
