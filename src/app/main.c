/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-application.h"
#include "ph-portable.h"

int
main (int argc, char **argv)
{
  ph_portable_start ();
  return ph_application_main (argc, argv);
}
