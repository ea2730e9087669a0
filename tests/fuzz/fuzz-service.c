/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-text.h"
#include "ph-fuzz.h"
#include "session/ph-service.h"

/* What a Host says it offers: whatever is read of it is within bounds, and what is printed of that
 * means the same. */

static void
check_service (const PhServices *list, const PhService *service)
{
  g_autofree char *clean = ph_text_clean (service->title, -1, PH_TEXT_MAX_NAME);
  g_autofree char *name = ph_host_name_normalise (service->address);
  guint8 addr[16];

  g_assert_cmpstr (service->title, ==, clean);
  g_assert_true (ph_address_parse (service->address, addr) ||
                 g_strcmp0 (service->address, name) == 0);
  g_assert_cmpuint (service->port, >, 0);
  g_assert_cmpuint (service->kind, <, PH_N_KINDS);
  g_assert_true (ph_services_has (list, service->address, service->port));
}

/* Where it does not fit, some are left out: then less is printed than is held. */
static void
check_again (const PhServices *list)
{
  g_autoptr (GBytes) printed = ph_services_print (list);
  gsize size;
  const guint8 *bytes = g_bytes_get_data (printed, &size);
  g_autoptr (PhServices) again = ph_services_parse (bytes, size, NULL);
  guint n;
  guint n_again;

  g_assert_cmpuint (size, <=, PH_MUX_MAX_SERVICES_BYTES);
  g_assert_nonnull (again);
  ph_services_get (list, &n);
  ph_services_get (again, &n_again);
  g_assert_cmpuint (n_again, <=, n);
  g_assert_cmpint (ph_services_equal (list, again), ==, n_again == n);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PhServices) list = ph_services_parse (data, size, NULL);
  guint n;
  const PhService *all;

  if (list == NULL)
    return 0;
  all = ph_services_get (list, &n);
  g_assert_cmpuint (n, <=, PH_SERVICES_MAX);
  for (guint i = 0; i < n; i++)
    check_service (list, &all[i]);
  check_again (list);
  return 0;
}
