/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-application.h"

int
main (int argc, char **argv)
{
  return ph_application_main (argc, argv);
}
