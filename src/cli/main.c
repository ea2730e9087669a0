/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-cli.h"

int
main (int argc, char **argv)
{
  return ph_cli_main (argc, argv);
}
