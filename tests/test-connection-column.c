/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/ph-connection-column.h"
#include "app/ph-reason.h"

#include <string.h>

/* In ascending order of @column, which the table says; every pair is asked both ways round. */
static void
assert_order (const PhSnapshotConnection *rows,
              guint n_rows,
              PhConnectionColumn column,
              PhSessionRole role)
{
  for (guint i = 0; i < n_rows; i++)
    for (guint j = 0; j < n_rows; j++)
      {
        int order = ph_connection_compare (&rows[i], &rows[j], column, role);

        g_assert_cmpint ((order > 0) - (order < 0), ==, (i > j) - (i < j));
      }
}

static void
test_services (void)
{
  static const PhSnapshotConnection rows[] = {
    { .serial = 9, .remote = "[::1]:80" },
    { .serial = 8, .remote = "a1:9" },
    { .serial = 2, .remote = "a01:9" },
    { .serial = 7, .remote = "a2:7" },
    { .serial = 1, .remote = "a10:1" },
    { .serial = 3, .remote = "a10:20" },
    { .serial = 4, .remote = "a10:20000000000000000000000" },
    { .serial = 5, .remote = "a10:30000000000000000000000" },
  };
  PhSnapshotConnection four = { .serial = 1, .remote = "10.0.0.2:80" };
  PhSnapshotConnection five = { .serial = 2, .remote = "10.0.0.10:8" };

  assert_order (rows, G_N_ELEMENTS (rows), PH_COLUMN_SERVICE, PH_SESSION_HOST);
  g_assert_cmpint (ph_connection_compare (&four, &five, PH_COLUMN_SERVICE, PH_SESSION_CLIENT), <,
                   0);
}

static void
test_from (void)
{
  PhSnapshotConnection rows[] = {
    { .serial = 1, .peer = "Ann 2" },
    { .serial = 2, .peer = "Ann 10" },
    { .serial = 3, .peer = "Ben" },
  };

  assert_order (rows, G_N_ELEMENTS (rows), PH_COLUMN_FROM, PH_SESSION_HOST);
  g_assert_true (ph_endpoint_parse ("127.0.0.1:900", &rows[0].source, NULL));
  g_assert_true (ph_endpoint_parse ("127.0.0.1:10000", &rows[1].source, NULL));
  g_assert_true (ph_endpoint_parse ("127.0.0.2:1", &rows[2].source, NULL));
  assert_order (rows, G_N_ELEMENTS (rows), PH_COLUMN_FROM, PH_SESSION_CLIENT);
}

static void
test_states (void)
{
  static const PhSnapshotConnection rows[] = {
    { .serial = 4 }, /* opening, and the later one first */
    { .serial = 3 },
    { .serial = 2, .is_open = TRUE },
    { .serial = 9, .is_open = TRUE, .closed_us = 5, .reason = PH_CLOSE_DONE },
    { .serial = 8, .closed_us = 4, .reason = PH_CLOSE_NOT_ALLOWED },
    { .serial = 1, .closed_us = 3, .reason = PH_CLOSE_NOT_ALLOWED },
    { .serial = 5, .closed_us = 2, .reason = PH_CLOSE_REFUSED },
  };

  assert_order (rows, G_N_ELEMENTS (rows), PH_COLUMN_STATE, PH_SESSION_HOST);
}

static void
test_numbers (void)
{
  static const PhSnapshotConnection rows[] = {
    { .serial = 3, .opened_us = 30 },
    { .serial = 2, .opened_us = 20, .bytes_in = 1, .bytes_out = G_MAXUINT32 },
    { .serial = 1, .opened_us = 20, .bytes_in = G_MAXUINT32, .bytes_out = G_MAXUINT64 - 1 },
    { .serial = 0, .opened_us = -5, .bytes_in = G_MAXUINT64, .bytes_out = G_MAXUINT64 },
  };

  assert_order (rows, G_N_ELEMENTS (rows), PH_COLUMN_IN, PH_SESSION_HOST);
  assert_order (rows, G_N_ELEMENTS (rows), PH_COLUMN_OUT, PH_SESSION_HOST);
  assert_order (rows, G_N_ELEMENTS (rows), PH_COLUMN_AGE, PH_SESSION_HOST);
}

/* --- any rows: the order is one -----------------------------------------------------------------
 */

static PhSnapshotConnection
random_row (guint64 serial)
{
  static const char *const texts[] = {
    "a1", "a01", "a10", "a2", "a", "", "1a", "é:5", "é:05", ":"
  };
  PhSnapshotConnection row = { .serial = serial };

  row.remote = texts[g_test_rand_int_range (0, G_N_ELEMENTS (texts))];
  row.peer = texts[g_test_rand_int_range (0, G_N_ELEMENTS (texts))];
  row.source.port = (guint16)g_test_rand_int_range (0, 3);
  row.is_open = g_test_rand_bit ();
  row.bytes_in = (guint64)g_test_rand_int_range (0, 3);
  row.bytes_out = (guint64)g_test_rand_int_range (0, 3);
  row.opened_us = g_test_rand_int_range (0, 3);
  row.closed_us = g_test_rand_int_range (0, 2);
  row.reason = (PhCloseReason)g_test_rand_int_range (0, PH_CLOSE_N_REASONS);
  return row;
}

static void
test_total (void)
{
  for (guint round = 0; round < 20000; round++)
    for (guint column = 0; column < PH_N_COLUMNS; column++)
      {
        PhSessionRole role = g_test_rand_bit () ? PH_SESSION_HOST : PH_SESSION_CLIENT;
        PhSnapshotConnection a = random_row (1), b = random_row (2), c = random_row (3);
        int ab = ph_connection_compare (&a, &b, (PhConnectionColumn)column, role);
        int ba = ph_connection_compare (&b, &a, (PhConnectionColumn)column, role);
        int bc = ph_connection_compare (&b, &c, (PhConnectionColumn)column, role);
        int ac = ph_connection_compare (&a, &c, (PhConnectionColumn)column, role);

        g_assert_true ((ab < 0 && ba > 0) || (ab > 0 && ba < 0));
        g_assert_true (!(ab < 0 && bc < 0) || ac < 0);
        g_assert_true (!(ab > 0 && bc > 0) || ac > 0);
      }
}

/* --- words -------------------------------------------------------------------------------------
 */

static void
assert_text (const PhSnapshotConnection *row,
             PhConnectionColumn column,
             PhSessionRole role,
             const char *expected)
{
  g_autofree char *text = ph_connection_dup_text (row, column, role, 65 * G_USEC_PER_SEC);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_words (void)
{
  PhSnapshotConnection row = { .remote = "127.0.0.1:22", .peer = "Ann", .opened_us = 0 };

  assert_text (&row, PH_COLUMN_SERVICE, PH_SESSION_HOST, "127.0.0.1:22 · SSH");
  assert_text (&row, PH_COLUMN_FROM, PH_SESSION_HOST, "Ann");
  assert_text (&row, PH_COLUMN_FROM, PH_SESSION_CLIENT, "");
  assert_text (&row, PH_COLUMN_STATE, PH_SESSION_HOST, "Opening…");
  assert_text (&row, PH_COLUMN_AGE, PH_SESSION_HOST, "1 min");
  row.is_open = TRUE;
  row.remote = "a:b:c";
  g_assert_true (ph_endpoint_parse ("[::1]:5", &row.source, NULL));
  assert_text (&row, PH_COLUMN_SERVICE, PH_SESSION_HOST, "a:b:c");
  assert_text (&row, PH_COLUMN_FROM, PH_SESSION_CLIENT, "[::1]:5");
  assert_text (&row, PH_COLUMN_STATE, PH_SESSION_HOST, "Open");
  row.closed_us = 1;
  row.reason = PH_CLOSE_NOT_ALLOWED;
  assert_text (&row, PH_COLUMN_STATE, PH_SESSION_HOST, "Not allowed by the Host’s rules");
}

/* Every reason has words of its own, and help but where nothing is wrong. */
static void
test_reasons (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i <= PH_CLOSE_N_REASONS; i++)
    {
      PhCloseReason reason = (PhCloseReason)i;
      gboolean is_wrong =
          i != PH_CLOSE_DONE && i != PH_CLOSE_SESSION_ENDING && i < PH_CLOSE_N_REASONS;

      g_assert_true (g_hash_table_add (seen, (gpointer)ph_reason_of_close (reason)));
      g_assert_true ((ph_reason_help (reason, PH_SESSION_HOST) != NULL) == is_wrong);
      g_assert_true ((ph_reason_help (reason, PH_SESSION_CLIENT) != NULL) == is_wrong);
    }
  g_assert_cmpstr (ph_reason_of_leaving ("kicked"), ==, "you disconnected it");
  g_assert_cmpstr (ph_reason_of_leaving ("peer-lost"), ==, "it stopped answering");
  g_assert_cmpstr (ph_reason_of_leaving ("?"), ==, "something went wrong");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/connection-column/services", test_services);
  g_test_add_func ("/connection-column/from", test_from);
  g_test_add_func ("/connection-column/states", test_states);
  g_test_add_func ("/connection-column/numbers", test_numbers);
  g_test_add_func ("/connection-column/total", test_total);
  g_test_add_func ("/connection-column/words", test_words);
  g_test_add_func ("/connection-column/reasons", test_reasons);
  return g_test_run ();
}
