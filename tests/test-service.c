/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-error.h"
#include "session/ph-service.h"

/* Lists of services: made, filtered, printed and read. */

#define LOCAL "127.0.0.1"

static PhServices *
read_text (const char *json, GError **error)
{
  return ph_services_parse ((const guint8 *)json, strlen (json), error);
}

static char *
dup_words (const PhServices *services)
{
  GString *words = g_string_new (NULL);
  guint n;
  const PhService *all = ph_services_get (services, &n);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = ph_service_dup_text (&all[i]);

      g_string_append_printf (words, "%s%s %s %s", i > 0 ? ", " : "", all[i].title, text,
                              ph_kind_word (all[i].kind));
    }
  return g_string_free (words, FALSE);
}

static void
assert_words (const PhServices *services, const char *expected)
{
  g_autofree char *words = dup_words (services);

  g_assert_cmpstr (words, ==, expected);
}

static PhRules *
make_rules (const char *const *texts)
{
  PhRules *rules = ph_rules_new ();

  for (gsize i = 0; texts[i] != NULL; i++)
    g_assert_true (ph_rules_add (rules, texts[i], NULL));
  return rules;
}

static void
test_empty (void)
{
  g_autoptr (PhServices) empty = ph_services_new (NULL, 0);
  const PhService one = { "One", LOCAL, 1 };
  g_autoptr (PhServices) full = ph_services_new (&one, 1);
  guint n = 1;

  g_assert_null (ph_services_get (NULL, &n));
  g_assert_cmpuint (n, ==, 0);
  g_assert_true (ph_services_equal (NULL, NULL));
  g_assert_true (ph_services_equal (empty, NULL));
  g_assert_false (ph_services_equal (NULL, full));
  g_assert_false (ph_services_has (NULL, LOCAL, 1));
  g_assert_true (ph_services_has (full, LOCAL, 1));
}

/* What a person may have written. */
static void
test_new (void)
{
  const PhService services[] = {
    { "  Mine\ncraft\xe2\x80\xae ", LOCAL, 25565, PH_KIND_GAME },
    { "again", "127.0.0.1", 25565, PH_KIND_OTHER },
    { "NAS", "NAS.Example.ORG.", 80, PH_KIND_FILES },
    { "six", "0:0:0:0:0:0:0:1", 80, PH_KIND_WEB },
    { "six again", "::1", 80, PH_KIND_WEB },
    { "", LOCAL, 4711, PH_KIND_OTHER },
    { "no port", LOCAL, 0, PH_KIND_WEB },
    { "no address", "", 80, PH_KIND_WEB },
    { "neither", "two words", 80, PH_KIND_WEB },
    { "brackets", "[::1]", 80, PH_KIND_WEB },
    { "network", "10.0.0.0/8", 80, PH_KIND_WEB },
    { "number", "1.2.3", 80, PH_KIND_WEB },
  };
  g_autoptr (PhServices) list = ph_services_new (services, G_N_ELEMENTS (services));

  assert_words (list, "Mine craft 127.0.0.1:25565 game, NAS nas.example.org:80 files, "
                      "six [::1]:80 web,  127.0.0.1:4711 other");
}

static void
test_too_many (void)
{
  g_autoptr (GArray) many = g_array_new (FALSE, FALSE, sizeof (PhService));
  g_autoptr (PhServices) list = NULL;
  guint n;

  for (guint i = 1; i <= 2 * PH_SERVICES_MAX; i++)
    g_array_append_val (many, ((PhService){ "x", LOCAL, (guint16)i, PH_KIND_OTHER }));
  list = ph_services_new ((const PhService *)(gconstpointer)many->data, many->len);
  g_assert_cmpuint (ph_services_get (list, &n)[PH_SERVICES_MAX - 1].port, ==, PH_SERVICES_MAX);
  g_assert_cmpuint (n, ==, PH_SERVICES_MAX);
}

static void
test_equal (void)
{
  const PhService services[] = { { "a", LOCAL, 1, PH_KIND_WEB },
                                 { "b", LOCAL, 1, PH_KIND_WEB },
                                 { "a", "::1", 1, PH_KIND_WEB },
                                 { "a", LOCAL, 2, PH_KIND_WEB },
                                 { "a", LOCAL, 1, PH_KIND_GAME } };

  for (gsize i = 0; i < G_N_ELEMENTS (services); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (services); j++)
      {
        g_autoptr (PhServices) a = ph_services_new (&services[i], 1);
        g_autoptr (PhServices) b = ph_services_new (&services[j], 1);

        g_assert_cmpint (ph_services_equal (a, b), ==, i == j);
      }
}

/* One computer and one port make a service; what stands for several does not. */
static void
test_from_rules (void)
{
  static const char *const texts[] = {
    "127.0.0.1:25565", "[::1]:22",         "localhost:8080", "nas.example.org:4711", "192.168.*:80",
    "10.0.0.0/8:22",   "[fd00::]/8:1",     "*:443",          "*.example.org:443",    "127.0.0.1:*",
    "127.0.0.1:90-91", "10.0.0.1/32:5432", "[::2]/128:80",   "127.*.0.1:80",         NULL
  };
  g_autoptr (PhRules) rules = make_rules (texts);
  g_autoptr (PhServices) list = ph_services_new_from_rules (rules);

  assert_words (list, "Minecraft 127.0.0.1:25565 game, SSH [::1]:22 shell, "
                      "Web localhost:8080 web,  nas.example.org:4711 other, "
                      "PostgreSQL 10.0.0.1:5432 database, Web [::2]:80 web");
}

static void
test_allowed (void)
{
  static const char *const texts[] = { "127.0.0.1:1-10", "*.example.org:80", "10.0.0.0/8:22",
                                       NULL };
  const PhService services[] = {
    { "", LOCAL, 10, 0 },         { "", LOCAL, 11, 0 },          { "", "::1", 10, 0 },
    { "", "localhost", 10, 0 },   { "", "localhost", 11, 0 },    { "", "a.example.org", 80, 0 },
    { "", "example.org", 80, 0 }, { "", "b.example.org", 1, 0 }, { "", "10.255.0.1", 22, 0 },
    { "", "11.0.0.1", 22, 0 },    { "", "elsewhere", 22, 0 },
  };
  g_autoptr (PhRules) rules = make_rules (texts);
  g_autoptr (PhServices) all = ph_services_new (services, G_N_ELEMENTS (services));
  g_autoptr (PhServices) allowed = ph_services_dup_allowed (all, rules);
  g_autoptr (PhRules) no_rules = ph_rules_new ();
  g_autoptr (PhServices) none = ph_services_dup_allowed (all, no_rules);

  assert_words (allowed, " 127.0.0.1:10 other,  localhost:10 other,  a.example.org:80 other, "
                         " 10.255.0.1:22 other");
  assert_words (none, "");
}

/* The codec */

static void
assert_prints (const PhServices *services, const char *expected)
{
  g_autoptr (GBytes) printed = ph_services_print (services);
  g_autofree char *text = g_strndup (g_bytes_get_data (printed, NULL), g_bytes_get_size (printed));

  g_assert_cmpstr (text, ==, expected);
}

static void
test_print (void)
{
  const PhService services[] = { { "Minecraft", LOCAL, 25565, PH_KIND_GAME },
                                 { "", "::1", 80, PH_KIND_OTHER } };
  g_autoptr (PhServices) list = ph_services_new (services, 2);

  assert_prints (list, "{\"services\":["
                       "{\"title\":\"Minecraft\",\"address\":\"127.0.0.1\",\"port\":25565,"
                       "\"kind\":\"game\"},"
                       "{\"address\":\"::1\",\"port\":80,\"kind\":\"other\"}]}");
  assert_prints (NULL, "{\"services\":[]}");
}

/* Prints @list and reads it again; what came back, and how large it was. */
static PhServices *
send (const PhServices *list, gsize *ret_size)
{
  g_autoptr (GBytes) printed = ph_services_print (list);
  const guint8 *bytes = g_bytes_get_data (printed, ret_size);
  g_autoptr (GError) error = NULL;
  PhServices *read = ph_services_parse (bytes, *ret_size, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (*ret_size, <=, PH_MUX_MAX_SERVICES_BYTES);
  return read;
}

static void
test_there_and_back (void)
{
  g_autoptr (GArray) many = g_array_new (FALSE, FALSE, sizeof (PhService));
  g_autoptr (PhServices) list = NULL;
  g_autoptr (PhServices) read = NULL;
  gsize size;

  for (guint i = 0; i < PH_SERVICES_MAX; i++)
    g_array_append_val (many, ((PhService){ "“Jürgens” \"Haus\" \\ ", i % 2 == 0 ? "::1" : "a-b.c",
                                            (guint16)(65535 - i), (PhKind)(i % PH_N_KINDS) }));
  list = ph_services_new ((const PhService *)(gconstpointer)many->data, many->len);
  read = send (list, &size);
  g_assert_true (ph_services_equal (list, read));
}

/* More than may be sent: as many as there is room for, whatever they are called. */
static void
test_too_large (void)
{
  g_autofree char *title = g_strnfill (64, '"');
  g_autofree char *label = g_strnfill (60, 'a');
  g_autofree char *name = g_strjoin (".", label, label, label, label, NULL);
  g_autoptr (GArray) many = g_array_new (FALSE, FALSE, sizeof (PhService));
  g_autoptr (PhServices) list = NULL;
  g_autoptr (PhServices) read = NULL;
  gsize size;
  guint n;

  for (guint i = 1; i <= PH_SERVICES_MAX; i++)
    g_array_append_val (many, ((PhService){ title, name, (guint16)i, PH_KIND_DATABASE }));
  list = ph_services_new ((const PhService *)(gconstpointer)many->data, many->len);
  read = send (list, &size);
  ph_services_get (list, &n);
  g_assert_cmpuint (n, ==, PH_SERVICES_MAX);
  ph_services_get (read, &n);
  g_assert_cmpuint (n, >, 64);
  g_assert_cmpuint (size, >, PH_MUX_MAX_SERVICES_BYTES * 9 / 10);
}

/* What other programs may say */

static void
test_lenient (void)
{
  static const char json[] =
      " {\"later\":[{}],\"services\":["
      "{\"port\":80,\"address\":\"LOCALHOST\",\"icon\":{\"a\":[1]}},"
      "{\"title\":\"x\",\"address\":\"localhost\",\"port\":80},"
      "{\"title\":null,\"address\":\"::ffff:10.0.0.1\",\"port\":65535,\"kind\":\"toaster\"},"
      "{\"title\":\"\\u001b[31mRed\\n\",\"address\":\"a\",\"port\":1,\"kind\":\"web\"}]} ";
  g_autoptr (GError) error = NULL;
  g_autoptr (PhServices) list = read_text (json, &error);

  g_assert_no_error (error);
  assert_words (list, " localhost:80 other,  10.0.0.1:65535 other, [31mRed a:1 web");
}

static void
test_no_services (void)
{
  g_autoptr (PhServices) list = read_text ("{}", NULL);

  assert_words (list, "");
}

#define LIST(services) "{\"services\":" services "}"

static const struct
{
  const char *name;
  const char *json;
} wrong[] = {
  { "nothing", "" },
  { "no-json", "hello" },
  { "cut", "{\"services\":[" },
  { "array", "[]" },
  { "not-utf8", "{\"x\":\"\xff\"}" },
  { "no-array", LIST ("{}") },
  { "no-object", LIST ("[1]") },
  { "no-address", LIST ("[{\"port\":1}]") },
  { "no-port", LIST ("[{\"address\":\"a\"}]") },
  { "port-zero", LIST ("[{\"address\":\"a\",\"port\":0}]") },
  { "port-65536", LIST ("[{\"address\":\"a\",\"port\":65536}]") },
  { "port-text", LIST ("[{\"address\":\"a\",\"port\":\"80\"}]") },
  { "address-number", LIST ("[{\"address\":1,\"port\":1}]") },
  { "address-words", LIST ("[{\"address\":\"a b\",\"port\":1}]") },
  { "address-network", LIST ("[{\"address\":\"10.0.0.0/8\",\"port\":1}]") },
  { "address-zone", LIST ("[{\"address\":\"fe80::1%eth0\",\"port\":1}]") },
  { "title-number", LIST ("[{\"address\":\"a\",\"port\":1,\"title\":1}]") },
  { "title-surrogate", LIST ("[{\"address\":\"a\",\"port\":1,\"title\":\"\\ud800\"}]") },
  { "kind-object", LIST ("[{\"address\":\"a\",\"port\":1,\"kind\":{}}]") },
  { "deep", LIST ("[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]") },
};

static void
test_wrong (gconstpointer json)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (read_text (json, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_PROTOCOL);
}

/* One entry more than there may be, and one byte. */
static void
test_limits (void)
{
  g_autoptr (GString) json = g_string_new ("{\"services\":[");
  g_autofree char *spaces = g_strnfill (PH_MUX_MAX_SERVICES_BYTES, ' ');
  g_autoptr (GError) error = NULL;

  memcpy (spaces, "{}", 2);
  for (gsize size = PH_MUX_MAX_SERVICES_BYTES; size <= PH_MUX_MAX_SERVICES_BYTES + 1; size++)
    {
      g_autoptr (PhServices) list = ph_services_parse ((guint8 *)spaces, size, NULL);

      g_assert_cmpint (list != NULL, ==, size == PH_MUX_MAX_SERVICES_BYTES);
    }
  for (guint i = 0; i <= PH_SERVICES_MAX; i++)
    g_string_append (json, "{\"address\":\"a\",\"port\":1},");
  g_string_truncate (json, json->len - 1);
  g_string_append (json, "]}");
  g_assert_null (read_text (json->str, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_PROTOCOL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/service/empty", test_empty);
  g_test_add_func ("/service/new", test_new);
  g_test_add_func ("/service/too-many", test_too_many);
  g_test_add_func ("/service/equal", test_equal);
  g_test_add_func ("/service/from-rules", test_from_rules);
  g_test_add_func ("/service/allowed", test_allowed);
  g_test_add_func ("/service/print", test_print);
  g_test_add_func ("/service/there-and-back", test_there_and_back);
  g_test_add_func ("/service/too-large", test_too_large);
  g_test_add_func ("/service/lenient", test_lenient);
  g_test_add_func ("/service/no-services", test_no_services);
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autofree char *path = g_strconcat ("/service/wrong/", wrong[i].name, NULL);

      g_test_add_data_func (path, wrong[i].json, test_wrong);
    }
  g_test_add_func ("/service/limits", test_limits);

  return g_test_run ();
}
