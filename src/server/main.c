/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-daemon.h"

int
main (int argc, char **argv)
{
  return ph_daemon_main (argc, argv);
}
