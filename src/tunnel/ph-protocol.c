/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-protocol.h"

#include <string.h>

#include "core/ph-text.h"

G_STATIC_ASSERT (PH_CLOSE_TEXT_MAX_BYTES == PH_TEXT_MAX_REASON);

static const char *const reason_words[PH_CLOSE_N_REASONS] = {
  [PH_CLOSE_DONE] = "done",
  [PH_CLOSE_NOT_ALLOWED] = "not-allowed",
  [PH_CLOSE_REFUSED] = "refused",
  [PH_CLOSE_UNREACHABLE] = "unreachable",
  [PH_CLOSE_TIMED_OUT] = "timed-out",
  [PH_CLOSE_NAME_NOT_FOUND] = "name-not-found",
  [PH_CLOSE_RESET] = "reset",
  [PH_CLOSE_TOO_MANY] = "too-many",
  [PH_CLOSE_PROTOCOL_ERROR] = "protocol-error",
  [PH_CLOSE_TOO_SLOW] = "too-slow",
  [PH_CLOSE_SESSION_ENDING] = "session-ending",
};

static const struct
{
  PhExtensions flag;
  const char *word;
} extension_words[] = {
  { PH_EXTENSION_CREDIT, "credit" },     { PH_EXTENSION_EOF, "eof" },
  { PH_EXTENSION_OPENED, "opened" },     { PH_EXTENSION_NAME, "name" },
  { PH_EXTENSION_SERVICES, "services" },
};

const char *
ph_close_reason_to_word (PhCloseReason reason)
{
  g_return_val_if_fail (reason < PH_CLOSE_N_REASONS, "reset");
  return reason_words[reason];
}

gboolean
ph_close_reason_from_word (const char *word, PhCloseReason *ret_reason)
{
  for (guint i = 0; i < PH_CLOSE_N_REASONS; i++)
    {
      if (strcmp (word, reason_words[i]) == 0)
        {
          *ret_reason = (PhCloseReason)i;
          return TRUE;
        }
    }
  return FALSE;
}

char *
ph_close_text_clean (const guint8 *bytes, gsize size)
{
  gsize capped = MIN (size, PH_CLOSE_TEXT_MAX_BYTES);
  g_autofree char *text = ph_text_clean ((const char *)bytes, (gssize)capped, PH_TEXT_MAX_REASON);

  return text[0] != '\0' ? g_steal_pointer (&text) : NULL;
}

PhExtensions
ph_extensions_from_words (const char *const *words)
{
  PhExtensions extensions = PH_EXTENSIONS_NONE;

  for (gsize i = 0; i < G_N_ELEMENTS (extension_words); i++)
    {
      if (words != NULL && g_strv_contains (words, extension_words[i].word))
        extensions |= extension_words[i].flag;
    }
  return extensions;
}

GStrv
ph_extensions_dup_words (PhExtensions extensions)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (extension_words); i++)
    {
      if (extensions & extension_words[i].flag)
        g_strv_builder_add (builder, extension_words[i].word);
    }
  return g_strv_builder_end (builder);
}
