/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-chart-points.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The last minute's traffic: what came in as a solid line over a filled surface, what went out as a
 * dashed one, and their current values. The pointer, or Left, Right, Home and End with the keyboard
 * focus, move a reading point that tells both values at that time; Escape removes it.
 *
 * A screen reader hears the reading point, and without one a summary that changes at most every 5
 * seconds. New points are drawn at most ten times a second, and not while nobody can see them.
 *
 * On the main thread, like all widgets. */
#define PH_TYPE_CHART (ph_chart_get_type ())
G_DECLARE_FINAL_TYPE (PhChart, ph_chart, PH, CHART, GtkWidget)

GtkWidget *ph_chart_new (void);

/* Copies @n points of bytes/s, oldest first, the last one measured now, @interval_s apart (above 0
 * unless @n is 0). Of more than PH_CHART_MAX_POINTS, or a minute, the last ones are taken. */
void ph_chart_set_points (PhChart *self,
                          const double *in,
                          const double *out,
                          guint n,
                          double interval_s);

G_END_DECLS
