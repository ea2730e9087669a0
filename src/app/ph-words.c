/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-words.h"

#include <glib/gi18n.h>

#define SECONDS_PER_MINUTE 60
#define SECONDS_PER_HOUR 3600
#define SECONDS_PER_DAY 86400

static char *
with_rate_unit (const char *number, guint thousands)
{
  switch (thousands)
    {
    case 0:
      return g_strdup_printf (_ ("%s\u00a0B/s"), number);
    case 1:
      return g_strdup_printf (_ ("%s\u00a0kB/s"), number);
    case 2:
      return g_strdup_printf (_ ("%s\u00a0MB/s"), number);
    case 3:
      return g_strdup_printf (_ ("%s\u00a0GB/s"), number);
    }
  return g_strdup_printf (_ ("%s\u00a0TB/s"), number);
}

char *
ph_words_dup_rate (guint64 bytes_per_second)
{
  double value = (double)bytes_per_second;
  guint thousands = 0, tenths;
  g_autofree char *number = NULL;

  for (; value >= 999.5 && thousands < 4; thousands++) /* no “1000 kB/s” */
    value /= 1000;
  tenths = (guint)(value * 10 + 0.5);
  if (tenths < 100 && tenths % 10 != 0)
    number = g_strdup_printf ("%.1f", tenths / 10.);
  else
    number = g_strdup_printf ("%.0f", value);
  return with_rate_unit (number, thousands);
}

char *
ph_words_dup_size (guint64 bytes)
{
  return g_format_size (bytes);
}

char *
ph_words_dup_age (gint64 age_us)
{
  gint64 seconds = MAX (age_us, 0) / G_USEC_PER_SEC;
  int minutes = (int)(seconds / SECONDS_PER_MINUTE % SECONDS_PER_MINUTE);
  int hours = (int)(seconds / SECONDS_PER_HOUR % 24);

  if (seconds < SECONDS_PER_MINUTE) /* Translators: an age in seconds, short */
    return g_strdup_printf (_ ("%d s"), (int)seconds);
  if (seconds < SECONDS_PER_HOUR) /* Translators: an age in minutes, short */
    return g_strdup_printf (_ ("%d min"), minutes);
  if (seconds < SECONDS_PER_DAY) /* Translators: an age in hours, short */
    return g_strdup_printf (_ ("%d h"), hours);
  /* Translators: an age in days, short */
  return g_strdup_printf (_ ("%d d"), (int)MIN (seconds / SECONDS_PER_DAY, G_MAXINT));
}

/* The limits are where rounding would add a digit: no “10.0 ms” and no “1000 ms”. */
char *
ph_words_dup_round_trip (guint32 round_trip_us)
{
  double us = round_trip_us;

  if (us < 100)
    return g_strdup (_ ("< 0.1 ms"));
  if (us < 9950) /* Translators: a time in milliseconds, short */
    return g_strdup_printf (_ ("%.1f ms"), us / 1000);
  if (us < 999500) /* Translators: a time in milliseconds, short */
    return g_strdup_printf (_ ("%.0f ms"), us / 1000);
  /* Translators: a time in seconds, short */
  return g_strdup_printf (_ ("%.1f s"), us / G_USEC_PER_SEC);
}

const char *
ph_words_title (const char *title)
{
  return *title != '\0' ? gettext (title) : title; /* of nothing the catalogue says what it is */
}

const char *
ph_words_path (PhPathKind kind)
{
  switch (kind)
    {
    case PH_PATH_LAN:
      return _ ("Direct, same network");
    case PH_PATH_NAT:
      return _ ("Direct, through routers");
    case PH_PATH_RELAYED:
      return _ ("Relayed by a TURN server");
    }
  return ""; /* no path is of another kind */
}
