/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Can be loaded where glibc is as new as the programs need it, and nowhere else. */
#include <stdlib.h>

int
main (void)
{
  volatile unsigned needs_2_36 = arc4random ();

  (void)needs_2_36;
  return 0;
}
