/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-daemon.h"

#include <locale.h>
#include <stdio.h>

#include <gio/gio.h>

#include "core/ph-error.h"
#include "core/ph-limits.h"
#include "core/ph-log.h"
#include "core/ph-quit.h"
#include "core/ph-stdio.h"
#include "signaling/ph-signal-server.h"

#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define DEFAULT_LISTEN "127.0.0.1:8080"

/* What the command line says, as it says it. */
typedef struct
{
  char *listen;
  char *tls_cert;
  char *tls_key;
  char *log_level;
  char *log_file;
  int waiting_ttl;
  int joined_ttl;
  int create_rate;
  int poll_limit;
  int max_sessions;
  gboolean require_auth;
  gboolean trust_forwarded;
  gboolean json;
  gboolean version;
} Arguments;

typedef struct
{
  GMainLoop *loop;
  PhSignalServer *server;
  gboolean json;
  gboolean stopping;
} Daemon;

static void
arguments_clear (Arguments *arguments)
{
  g_free (arguments->listen);
  g_free (arguments->tls_cert);
  g_free (arguments->tls_key);
  g_free (arguments->log_level);
  g_free (arguments->log_file);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Arguments, arguments_clear)

static void
set_defaults (Arguments *ret)
{
  const PhSignalServerOptions defaults = PH_SIGNAL_SERVER_OPTIONS_INIT;

  *ret = (Arguments){
    .waiting_ttl = (int)defaults.waiting_ttl_s,
    .joined_ttl = (int)defaults.joined_ttl_s,
    .create_rate = (int)defaults.create_per_minute,
    .poll_limit = (int)defaults.polls_per_address,
    .max_sessions = (int)defaults.max_sessions,
  };
}

static const char summary[] =
    "Lets the two ends of a Porthole session find each other. It passes one offer and one answer "
    "between\nthem and is not needed after that; what they share never goes through it, and it "
    "never sees the\nsecret in a share code.";

static const char limits[] =
    "  0 stands for “none”. What is beyond a limit is answered 429 with Retry-After, or 503 where "
    "the\n  sessions are all taken.\n";

static const char examples[] =
    "  porthole-signal\n"
    "      behind a proxy on this machine that speaks TLS to the world, on 127.0.0.1:8080\n"
    "  porthole-signal --trust-forwarded\n"
    "      the same, with each caller's limits counted by the address the proxy saw\n"
    "  porthole-signal --listen 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem\n"
    "      with TLS of its own\n";

static PhCommand *
new_command (Arguments *ret)
{
  const GOptionEntry entries[] = {
    { "listen", 'l', 0, G_OPTION_ARG_STRING, &ret->listen,
      "Where to listen (default: " DEFAULT_LISTEN "); port 0 picks one", "ADDR:PORT" },
    { "tls-cert", 0, 0, G_OPTION_ARG_FILENAME, &ret->tls_cert,
      "Certificate chain in PEM; speaks TLS by itself", "FILE" },
    { "tls-key", 0, 0, G_OPTION_ARG_FILENAME, &ret->tls_key, "Its private key in PEM", "FILE" },
    { "trust-forwarded", 0, 0, G_OPTION_ARG_NONE, &ret->trust_forwarded,
      "Take callers' addresses from the X-Forwarded-For of the proxy in front", NULL },
    { "require-auth", 0, 0, G_OPTION_ARG_NONE, &ret->require_auth,
      "Refuse sides that do not lock their role with a token", NULL },
    { "waiting-ttl", 0, 0, G_OPTION_ARG_INT, &ret->waiting_ttl,
      "A session waits so long past its Host's last poll (default: 120)", "SECONDS" },
    { "joined-ttl", 0, 0, G_OPTION_ARG_INT, &ret->joined_ttl,
      "A joined one lasts so long past either side's (default: 60)", "SECONDS" },
    { "create-rate", 0, 0, G_OPTION_ARG_INT, &ret->create_rate,
      "Creates and joins a minute, good or bad, per address (default: 60)", "N" },
    { "poll-limit", 0, 0, G_OPTION_ARG_INT, &ret->poll_limit,
      "Polls held at once, per address (default: 64), with 2 N + 64 connections and 4 N sessions",
      "N" },
    { "max-sessions", 0, 0, G_OPTION_ARG_INT, &ret->max_sessions,
      "Sessions in all (default: 10000)", "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &ret->json, "Print one JSON object a line", NULL },
    { "log-level", 0, 0, G_OPTION_ARG_FILENAME, &ret->log_level,
      "How much to log: to the journal if standard error leads there, else to standard error",
      PH_LOG_LEVELS },
    { "log-file", 0, 0, G_OPTION_ARG_FILENAME, &ret->log_file,
      "Log to this file, at level info if not told otherwise", "FILE" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &ret->version, "Print the version and end", NULL },
    { NULL },
  };
  PhCommand *command =
      ph_command_new ("porthole-signal", "Porthole's signaling server", "", summary);

  ph_command_add_options (command, entries);
  ph_command_add_section (command, "Limits", g_strdup (limits));
  ph_command_add_section (command, "Examples", g_strdup (examples));
  return command;
}

PhCommand *
ph_daemon_describe (void)
{
  static Arguments arguments;

  return new_command (&arguments);
}

/* ---- From arguments to options ---- */

static gboolean
read_limit (const char *name, int value, guint *ret, GError **error)
{
  if (value < 0)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
                   "“%s %d” is below zero; give 0 for no limit, or more", name, value);
      return FALSE;
    }
  *ret = (guint)value;
  return TRUE;
}

static gboolean
read_limits (const Arguments *arguments, PhSignalServerOptions *ret, GError **error)
{
  return read_limit ("--waiting-ttl", arguments->waiting_ttl, &ret->waiting_ttl_s, error) &&
         read_limit ("--joined-ttl", arguments->joined_ttl, &ret->joined_ttl_s, error) &&
         read_limit ("--create-rate", arguments->create_rate, &ret->create_per_minute, error) &&
         read_limit ("--poll-limit", arguments->poll_limit, &ret->polls_per_address, error) &&
         read_limit ("--max-sessions", arguments->max_sessions, &ret->max_sessions, error);
}

/* NULL in @ret without TLS. */
static gboolean
read_certificate (const Arguments *arguments, PhSignalTls **ret, GError **error)
{
  if (arguments->tls_cert == NULL && arguments->tls_key == NULL)
    return TRUE;
  if (arguments->tls_cert == NULL || arguments->tls_key == NULL)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_INVALID, "“%s” is given without “%s”; TLS needs both",
                   arguments->tls_cert != NULL ? "--tls-cert" : "--tls-key",
                   arguments->tls_cert != NULL ? "--tls-key" : "--tls-cert");
      return FALSE;
    }
  *ret = ph_signal_tls_new (arguments->tls_cert, arguments->tls_key, error);
  return *ret != NULL;
}

/* The certificate, which somebody owns then, comes last: nothing can fail behind it. */
static gboolean
read_options (const Arguments *arguments,
              int argc,
              char **argv,
              PhEndpoint *ret_endpoint,
              PhSignalServerOptions *ret,
              GError **error)
{
  if (argc > 1)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
                   "“%s” is no option; see porthole-signal --help", argv[1]);
      return FALSE;
    }
  ret->require_auth = arguments->require_auth;
  ret->trust_forwarded = arguments->trust_forwarded;
  return read_limits (arguments, ret, error) &&
         ph_endpoint_parse (arguments->listen != NULL ? arguments->listen : DEFAULT_LISTEN,
                            ret_endpoint, error) &&
         ph_log_start (arguments->log_level, arguments->log_file, error) &&
         read_certificate (arguments, &ret->tls, error);
}

/* ---- Serving ---- */

static void
say_listening (const Daemon *daemon)
{
  g_autofree char *url = ph_signal_server_dup_url (daemon->server);

  if (daemon->json)
    g_print ("{\"event\":\"listening\",\"url\":\"%s\"}\n", url);
  else
    g_print ("Listening on %s\n", url);
  fflush (stdout);
  ph_log (PH_LOG_INFO, "listening", "url", url, NULL);
}

static void
on_stopped (gpointer data)
{
  Daemon *daemon = data;

  g_main_loop_quit (daemon->loop);
}

static void
on_quit (gpointer data)
{
  Daemon *daemon = data;

  if (daemon->stopping)
    return;
  daemon->stopping = TRUE;
  ph_signal_server_stop (daemon->server, on_stopped, daemon);
}

static int
serve (const PhSignalServerOptions *options, const PhEndpoint *endpoint, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PhQuit) quit = NULL; /* to the end: a second signal does not kill it */
  g_autoptr (PhSignalServer) server = ph_signal_server_new (options);
  Daemon daemon = { .loop = loop, .server = server, .json = json };

  if (!ph_signal_server_listen (server, endpoint, &error))
    {
      g_printerr ("porthole-signal: %s\n", error->message);
      ph_log (PH_LOG_ERROR, "error", "message", error->message, NULL);
      return EXIT_FAILED;
    }
  quit = ph_quit_new (NULL, on_quit, &daemon);
  say_listening (&daemon);
  g_main_loop_run (loop);
  ph_log (PH_LOG_INFO, "ended", NULL);
  if (!json)
    g_print ("Ended.\n");
  return 0;
}

int
ph_daemon_main (int argc, char **argv)
{
  PhSignalServerOptions options = PH_SIGNAL_SERVER_OPTIONS_INIT;
  g_autoptr (PhSignalTls) tls = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (Arguments) arguments = { 0 };
  g_autoptr (PhCommand) command = new_command (&arguments);
  PhEndpoint endpoint;

  ph_stdio_open_closed ();
  setlocale (LC_ALL, "");
#ifdef LC_MESSAGES
  setlocale (LC_MESSAGES, "C"); /* a library's words stand among ours, which are English */
#endif
  set_defaults (&arguments);
  if (!ph_command_parse (command, &argc, &argv, &error) ||
      (!arguments.version && !read_options (&arguments, argc, argv, &endpoint, &options, &error)))
    {
      g_printerr ("porthole-signal: %s\n", error->message);
      return EXIT_USAGE;
    }
  if (arguments.version)
    {
      g_print ("porthole-signal %s\n", PH_VERSION);
      return 0;
    }
  tls = options.tls;
  ph_limits_raise_descriptors ();
  return serve (&options, &endpoint, arguments.json);
}
