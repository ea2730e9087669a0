/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-half.h"

#include <glib/gi18n-lib.h>

#include "core/ph-error.h"

PhHalf *
ph_half_new (PhSignalType type,
             const char *sdp,
             const char *const *lines,
             const char *mid,
             PhExtensions extensions)
{
  g_auto (GStrv) words = ph_extensions_dup_words (extensions);
  g_autoptr (GStrvBuilder) candidates = g_strv_builder_new ();
  PhHalf *half = g_new0 (PhHalf, 1);

  for (gsize i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *json = ph_candidate_to_json (lines[i], mid);

      g_strv_builder_add (candidates, json);
    }
  half->description = ph_description_new (type, sdp, (const char *const *)words);
  half->candidates = g_strv_builder_end (candidates);
  return half;
}

PhHalf *
ph_half_parse (const PhSignalHalf *signal, PhSignalType type, GError **error)
{
  g_autoptr (PhDescription) description = ph_description_parse (signal->sdp, error);
  PhHalf *half;

  if (description == NULL)
    return NULL;
  if (description->type != type)
    {
      g_set_error_literal (error, PH_ERROR, PH_ERROR_PROTOCOL,
                           type == PH_SIGNAL_TYPE_OFFER
                               ? _ ("The other side sent something else than its offer")
                               : _ ("The other side sent something else than its answer"));
      return NULL;
    }
  half = g_new0 (PhHalf, 1);
  half->description = g_steal_pointer (&description);
  half->candidates = g_strdupv (signal->candidates);
  return half;
}

PhHalf *
ph_half_parse_proven (const PhSignalHalf *signal, PhSignalType type, GError **error)
{
  g_autoptr (GError) failure = NULL;
  PhHalf *half = ph_half_parse (signal, type, &failure);

  if (half == NULL)
    g_set_error (error, PH_ERROR, PH_ERROR_NOT_VERIFIED, _ ("Not verified: %s"), failure->message);
  return half;
}

char **
ph_half_dup_lines (const PhHalf *half)
{
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();

  for (gsize i = 0; half->candidates[i] != NULL; i++)
    {
      g_autofree char *line = ph_candidate_from_json (half->candidates[i], NULL);

      if (line != NULL)
        g_strv_builder_add (lines, line);
    }
  return g_strv_builder_end (lines);
}

PhMacHalf
ph_half_get_mac_half (const PhHalf *half)
{
  return (PhMacHalf){ .sdp = half->description->sdp,
                      .candidates = (const char *const *)half->candidates,
                      .extensions = (const char *const *)half->description->extensions };
}

PhSignalHalf *
ph_half_to_signal (const PhHalf *half)
{
  g_autofree char *json = ph_description_to_json (half->description);

  return ph_signal_half_new (json, (const char *const *)half->candidates);
}

PhExtensions
ph_half_get_extensions (const PhHalf *half)
{
  return PH_EXTENSIONS_OURS &
         ph_extensions_from_words ((const char *const *)half->description->extensions);
}

void
ph_half_free (PhHalf *half)
{
  ph_description_free (half->description);
  g_strfreev (half->candidates);
  g_free (half);
}
