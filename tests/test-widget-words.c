/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/ph-code-box.h"
#include "app/ph-number-view.h"
#include "app/ph-qr-code.h"

#include <string.h>

/* What widgets make of what they are given, without a display. */

static void
assert_number (const char *number, const char *shown, const char *spoken)
{
  g_autofree char *is_shown = ph_number_view_dup_shown (number);
  g_autofree char *is_spoken = ph_number_view_dup_spoken (number);

  g_assert_cmpstr (is_shown, ==, shown);
  g_assert_cmpstr (is_spoken, ==, spoken);
}

static void
test_number (void)
{
  assert_number ("123456789012", "1234 5678 9012", "1 2 3 4, 5 6 7 8, 9 0 1 2");
  assert_number ("1234 5678 9012", "1234 5678 9012", "1 2 3 4, 5 6 7 8, 9 0 1 2");
  assert_number ("12345", "1234 5", "1 2 3 4, 5");
  assert_number ("<b>1</b>", "1", "1");
  assert_number ("", "", "");
  assert_number (NULL, "", "");
}

static void
assert_address (const char *link, const char *expected)
{
  g_autofree char *address = ph_code_box_dup_address (link);

  g_assert_cmpstr (address, ==, expected);
}

static void
test_address (void)
{
  assert_address ("porthole://example.com/id#secret", "example.com");
  assert_address ("porthole+http://192.168.1.34:8765/id#secret", "192.168.1.34:8765");
  assert_address ("porthole+http://[fd00::1]:8765/id#secret", "[fd00::1]:8765");
  assert_address ("porthole://example.com", "example.com");
  assert_address ("porthole:///id", "porthole:///id");
  assert_address ("porthole://", "porthole://");
  assert_address ("id.secret", "id.secret");
}

static void
test_qr_size (void)
{
  /* The standard's capacities at medium correction: 14 bytes in 21 modules, 2331 in 177. */
  g_assert_cmpuint (ph_qr_code_n_modules ("fourteen bytes"), ==, 21 + 8);
  g_assert_cmpuint (ph_qr_code_n_modules ("fifteen bytes !"), ==, 25 + 8);
  g_assert_cmpuint (ph_qr_code_n_modules (""), ==, 0);
  g_assert_cmpuint (ph_qr_code_n_modules (NULL), ==, 0);
}

static void
test_qr_longest (void)
{
  char text[20000];

  memset (text, 'a', sizeof text);
  text[2331] = '\0';
  g_assert_cmpuint (ph_qr_code_n_modules (text), ==, 177 + 8);
  text[2331] = 'a';
  text[2332] = '\0';
  g_assert_cmpuint (ph_qr_code_n_modules (text), ==, 0);
  text[2332] = 'a';
  text[sizeof text - 1] = '\0';
  g_assert_cmpuint (ph_qr_code_n_modules (text), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/number-view/words", test_number);
  g_test_add_func ("/code-box/address", test_address);
  g_test_add_func ("/qr-code/size", test_qr_size);
  g_test_add_func ("/qr-code/longest", test_qr_longest);
  return g_test_run ();
}
