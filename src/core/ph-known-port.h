/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What people run on which TCP port: names for what is found listening, and choices to begin with.
 * A guess, never a fact; only the port is looked at. */

typedef enum
{
  PH_KIND_OTHER,
  PH_KIND_WEB, /* answers in a browser */
  PH_KIND_GAME,
  PH_KIND_SHELL, /* SSH and its like */
  PH_KIND_DESKTOP,
  PH_KIND_DATABASE,
  PH_KIND_MODEL, /* a language or picture model */
  PH_KIND_FILES,
  PH_KIND_MEDIA,
  PH_N_KINDS
} PhKind;

typedef struct
{
  guint16 port;
  PhKind kind;
  const char *title;  /* "Minecraft", "Web": in English, and known to the catalogue */
  gboolean is_preset; /* common enough to be offered although nothing listens there yet */
} PhKnownPort;

/* Static; NULL for a port that is not known. */
const PhKnownPort *ph_known_port_find (guint16 port);

/* All of them, by port; *@ret_n says how many. Static. */
const PhKnownPort *ph_known_port_get_all (guint *ret_n);

/* "web", "game", …: as it travels and as `--json` prints it. Static. */
const char *ph_kind_word (PhKind kind);

/* PH_KIND_OTHER for a word that is not known, or NULL. */
PhKind ph_kind_from_word (const char *word);

G_END_DECLS
