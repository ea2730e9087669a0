/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-bundle.h"

#include "ph-daemon.h"

int
main (int argc, char **argv)
{
  ph_bundle_start ();
  return ph_daemon_main (argc, argv);
}
