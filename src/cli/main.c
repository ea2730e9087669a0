/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-bundle.h"

#include "ph-cli.h"

int
main (int argc, char **argv)
{
  ph_bundle_start ();
  return ph_cli_main (argc, argv);
}
