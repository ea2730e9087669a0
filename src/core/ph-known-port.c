/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-known-port.h"

#include <glib/gi18n-lib.h>

static const PhKnownPort known[] = {
  { 21, PH_KIND_FILES, "FTP" },
  { 22, PH_KIND_SHELL, "SSH", TRUE },
  { 80, PH_KIND_WEB, N_ ("Web") },
  { 139, PH_KIND_FILES, "SMB" },
  { 443, PH_KIND_WEB, N_ ("Web (HTTPS)") },
  { 445, PH_KIND_FILES, "SMB" },
  { 631, PH_KIND_OTHER, N_ ("Printing (CUPS)") },
  { 1433, PH_KIND_DATABASE, "SQL Server" },
  { 2222, PH_KIND_SHELL, "SSH" },
  { 2283, PH_KIND_MEDIA, "Immich" },
  { 3000, PH_KIND_WEB, N_ ("Web (development)"), TRUE },
  { 3306, PH_KIND_DATABASE, "MySQL" },
  { 3389, PH_KIND_DESKTOP, N_ ("Remote Desktop (RDP)") },
  { 4000, PH_KIND_WEB, N_ ("Web (development)") },
  { 4200, PH_KIND_WEB, "Angular" },
  { 5000, PH_KIND_WEB, N_ ("Web (development)") },
  { 5173, PH_KIND_WEB, "Vite", TRUE },
  { 5432, PH_KIND_DATABASE, "PostgreSQL", TRUE },
  { 5900, PH_KIND_DESKTOP, N_ ("Remote Desktop (VNC)") },
  { 5984, PH_KIND_DATABASE, "CouchDB" },
  { 6379, PH_KIND_DATABASE, "Redis" },
  { 7777, PH_KIND_GAME, "Terraria", TRUE },
  { 7860, PH_KIND_MODEL, "Stable Diffusion" },
  { 8000, PH_KIND_WEB, N_ ("Web (development)") },
  { 8080, PH_KIND_WEB, N_ ("Web"), TRUE },
  { 8096, PH_KIND_MEDIA, "Jellyfin" },
  { 8123, PH_KIND_WEB, "Home Assistant" },
  { 8188, PH_KIND_MODEL, "ComfyUI" },
  { 8443, PH_KIND_WEB, N_ ("Web (HTTPS)") },
  { 8888, PH_KIND_WEB, "Jupyter" },
  { 9090, PH_KIND_WEB, "Cockpit" },
  { 9200, PH_KIND_DATABASE, "Elasticsearch" },
  { 11434, PH_KIND_MODEL, "Ollama", TRUE },
  { 25565, PH_KIND_GAME, "Minecraft", TRUE },
  { 25575, PH_KIND_GAME, N_ ("Minecraft (console)") },
  { 27017, PH_KIND_DATABASE, "MongoDB" },
  { 30000, PH_KIND_GAME, "Foundry VTT" },
  { 32400, PH_KIND_MEDIA, "Plex" },
};

static const char *const kind_words[PH_N_KINDS] = {
  [PH_KIND_OTHER] = "other", [PH_KIND_WEB] = "web",         [PH_KIND_GAME] = "game",
  [PH_KIND_SHELL] = "shell", [PH_KIND_DESKTOP] = "desktop", [PH_KIND_DATABASE] = "database",
  [PH_KIND_MODEL] = "model", [PH_KIND_FILES] = "files",     [PH_KIND_MEDIA] = "media",
};

const PhKnownPort *
ph_known_port_get_all (guint *ret_n)
{
  *ret_n = G_N_ELEMENTS (known);
  return known;
}

const PhKnownPort *
ph_known_port_find (guint16 port)
{
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (known[i].port == port)
      return &known[i];
  return NULL;
}

const char *
ph_kind_word (PhKind kind)
{
  return kind_words[kind];
}

PhKind
ph_kind_from_word (const char *word)
{
  for (guint i = 0; word != NULL && i < PH_N_KINDS; i++)
    if (g_str_equal (kind_words[i], word))
      return (PhKind)i;
  return PH_KIND_OTHER;
}
