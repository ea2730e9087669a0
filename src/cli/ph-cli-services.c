/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-cli.h"

#include <json-glib/json-glib.h>
#include <stdio.h>

#include "core/ph-error.h"
#include "core/ph-listening.h"

static const char summary[] =
    "Lists what runs on this computer and could be shared: the TCP ports that programs\n"
    "listen on, each with the line that shares it. Nothing is connected to and nothing is\n"
    "shared by this.\n"
    "\n"
    "What a service is called is a guess, by its program or its port. Programs of other\n"
    "users cannot be seen; their ports can.";

typedef struct
{
  gboolean has_all;
  gboolean is_json;
} Arguments;

static PhCommand *
new_command (Arguments *ret)
{
  const GOptionEntry entries[] = {
    { "all", 0, 0, G_OPTION_ARG_NONE, &ret->has_all,
      "Also what belongs to the system, such as printing", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &ret->is_json,
      "Print one JSON object a line instead of text", NULL },
    G_OPTION_ENTRY_NULL,
  };
  PhCommand *command =
      ph_command_new ("porthole services", "list what could be shared", "", summary);

  ph_command_add_options (command, entries);
  return command;
}

PhCommand *
ph_cli_describe_services (void)
{
  static Arguments arguments;

  return new_command (&arguments);
}

static gboolean
read_arguments (int argc, char **argv, Arguments *ret, GError **error)
{
  g_autoptr (PhCommand) command = new_command (ret);

  if (!ph_cli_parse (command, &argc, &argv, error))
    return FALSE;
  if (argc == 1)
    return TRUE;
  g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
               "“%s” is too much: services takes options only, --all and --json", argv[1]);
  return FALSE;
}

static void
add (GVariantBuilder *builder, const char *name, GVariant *value)
{
  g_variant_builder_add (builder, "{sv}", name, value);
}

static void
print_json (const PhListening *service, const char *address)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autoptr (GVariant) object = NULL;
  g_autofree char *text = NULL;

  add (&builder, "event", g_variant_new_string ("service"));
  add (&builder, "address", g_variant_new_string (address));
  if (service->title != NULL)
    add (&builder, "title", g_variant_new_string (service->title));
  add (&builder, "kind", g_variant_new_string (ph_kind_word (service->kind)));
  if (service->program != NULL)
    add (&builder, "program", g_variant_new_string (service->program));
  add (&builder, "system", g_variant_new_boolean (service->is_system));
  object = g_variant_ref_sink (g_variant_builder_end (&builder));
  text = json_gvariant_serialize_data (object, NULL);
  puts (text);
}

/* The address of IPv6 has brackets, which a shell would take for a pattern. */
static void
print_text (const PhListening *service, const char *address)
{
  const char *quote = *address == '[' ? "'" : "";

  if (service->title != NULL && service->program != NULL)
    printf ("%s (%s)\n", service->title, service->program);
  else if (service->title != NULL || service->program != NULL)
    puts (service->title != NULL ? service->title : service->program);
  else
    printf ("Port %u\n", service->address.port);
  printf ("  porthole host --allow %s%s%s\n", quote, address, quote);
}

/* What there is to say besides the services: none at all, or some that were left out. */
static void
print_rest (guint n_shown, guint n_hidden)
{
  if (n_shown == 0)
    puts (
        "No service was found on this computer. Start the one you want to share, then look again.");
  if (n_hidden > 0)
    printf ("%u more of the system: porthole services --all\n", n_hidden);
}

static void
print_all (const GPtrArray *services, const Arguments *arguments)
{
  guint n_hidden = 0;

  for (guint i = 0; i < services->len; i++)
    {
      const PhListening *service = services->pdata[i];
      char address[PH_ENDPOINT_TEXT_SIZE];

      ph_endpoint_format (&service->address, address);
      if (service->is_system && !arguments->has_all)
        n_hidden++;
      else if (arguments->is_json)
        print_json (service, address);
      else
        print_text (service, address);
    }
  if (!arguments->is_json)
    print_rest (services->len - n_hidden, n_hidden);
}

int
ph_cli_services (int argc, char **argv)
{
  gboolean wants_json = ph_cli_wants_json (argv);
  Arguments arguments = { 0 };
  g_autoptr (GPtrArray) services = NULL;
  g_autoptr (GError) error = NULL;

  if (!read_arguments (argc, argv, &arguments, &error))
    return ph_cli_fail (wants_json, error);
  services = ph_listening_list (NULL, &error);
  if (services == NULL)
    return ph_cli_fail (wants_json, error);
  print_all (services, &arguments);
  return fflush (stdout) == 0 && !ferror (stdout) ? PH_EXIT_ENDED : PH_EXIT_FAILED;
}
