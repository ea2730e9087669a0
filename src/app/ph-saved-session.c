/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-saved-session.h"

#include <string.h>

#include "core/ph-error.h"
#include "core/ph-text.h"

/* The properties, in three kinds. A property's name is its key in the file, too. */
enum
{
  PROP_TITLE = 1,
  PROP_SESSION_ID,
  PROP_SIGNAL,
  PROP_RULES,
  PROP_RULES_OFF,
  PROP_MAPPINGS,
  PROP_OWN_PORT,
  PROP_LAST_USED,
  N_PROPS
};

#define N_STRINGS 3
#define N_LISTS 3
#define N_NUMBERS 2

struct _PhSavedSession
{
  GObject parent_instance;
  PhSessionRole role;
  char *uuid;
  char *strings[N_STRINGS];  /* from PROP_TITLE on */
  char **lists[N_LISTS];     /* from PROP_RULES on */
  gint64 numbers[N_NUMBERS]; /* from PROP_OWN_PORT on */
};

static const char *const names[N_PROPS] = {
  NULL, "title", "session-id", "signal", "rules", "rules-off", "mappings", "own-port", "last-used",
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (PhSavedSession, ph_saved_session, G_TYPE_OBJECT)

static void
set_string (PhSavedSession *self, guint id, const char *value)
{
  char **place = &self->strings[id - PROP_TITLE];
  char *clean = ph_text_clean (value != NULL ? value : "", -1,
                               id == PROP_TITLE ? PH_TEXT_MAX_NAME : PH_SAVED_SESSION_MAX_BYTES);

  g_free (*place);
  *place = clean;
}

static void
set_list (PhSavedSession *self, guint id, const char *const *value)
{
  char ***place = &self->lists[id - PROP_RULES];
  g_autoptr (GStrvBuilder) kept = g_strv_builder_new ();

  for (gsize i = 0, n = 0; value != NULL && value[i] != NULL && n < PH_SAVED_SESSION_MAX_LIST; i++)
    if (strlen (value[i]) <= PH_SAVED_SESSION_MAX_BYTES && g_utf8_validate (value[i], -1, NULL))
      {
        g_strv_builder_add (kept, value[i]);
        n++;
      }
  g_strfreev (*place);
  *place = g_strv_builder_end (kept);
}

static void
ph_saved_session_get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  PhSavedSession *self = PH_SAVED_SESSION (object);

  if (id < PROP_RULES)
    g_value_set_string (value, self->strings[id - PROP_TITLE]);
  else if (id < PROP_OWN_PORT)
    g_value_set_boxed (value, self->lists[id - PROP_RULES]);
  else
    g_value_set_int64 (value, self->numbers[id - PROP_OWN_PORT]);
}

static void
ph_saved_session_set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  PhSavedSession *self = PH_SAVED_SESSION (object);

  if (id < PROP_RULES)
    set_string (self, id, g_value_get_string (value));
  else if (id < PROP_OWN_PORT)
    set_list (self, id, g_value_get_boxed (value));
  else
    self->numbers[id - PROP_OWN_PORT] = g_value_get_int64 (value);
}

static void
ph_saved_session_finalize (GObject *object)
{
  PhSavedSession *self = PH_SAVED_SESSION (object);

  g_free (self->uuid);
  for (guint i = 0; i < N_STRINGS; i++)
    g_free (self->strings[i]);
  for (guint i = 0; i < N_LISTS; i++)
    g_strfreev (self->lists[i]);
  G_OBJECT_CLASS (ph_saved_session_parent_class)->finalize (object);
}

static GParamSpec *
make_property (guint id)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  if (id < PROP_RULES)
    return g_param_spec_string (names[id], NULL, NULL, "", flags);
  if (id < PROP_OWN_PORT)
    return g_param_spec_boxed (names[id], NULL, NULL, G_TYPE_STRV, flags);
  return g_param_spec_int64 (names[id], NULL, NULL, 0,
                             id == PROP_OWN_PORT ? G_MAXUINT16 : G_MAXINT64, 0, flags);
}

static void
ph_saved_session_class_init (PhSavedSessionClass *class)
{
  G_OBJECT_CLASS (class)->get_property = ph_saved_session_get_property;
  G_OBJECT_CLASS (class)->set_property = ph_saved_session_set_property;
  G_OBJECT_CLASS (class)->finalize = ph_saved_session_finalize;
  for (guint id = PROP_TITLE; id < N_PROPS; id++)
    properties[id] = make_property (id);
  g_object_class_install_properties (G_OBJECT_CLASS (class), N_PROPS, properties);
}

static void
ph_saved_session_init (PhSavedSession *self)
{
  for (guint id = PROP_TITLE; id < PROP_RULES; id++)
    set_string (self, id, NULL);
  for (guint id = PROP_RULES; id < PROP_OWN_PORT; id++)
    set_list (self, id, NULL);
}

PhSavedSession *
ph_saved_session_new (PhSessionRole role)
{
  PhSavedSession *self = g_object_new (PH_TYPE_SAVED_SESSION, NULL);

  self->role = role;
  self->uuid = g_uuid_string_random ();
  return self;
}

PhSessionRole
ph_saved_session_get_role (PhSavedSession *self)
{
  return self->role;
}

const char *
ph_saved_session_get_uuid (PhSavedSession *self)
{
  return self->uuid;
}

const char *
ph_saved_session_get_title (PhSavedSession *self)
{
  return self->strings[0];
}

const char *
ph_saved_session_get_session_id (PhSavedSession *self)
{
  return self->strings[PROP_SESSION_ID - PROP_TITLE];
}

const char *
ph_saved_session_get_signal (PhSavedSession *self)
{
  return self->strings[PROP_SIGNAL - PROP_TITLE];
}

const char *const *
ph_saved_session_get_rules (PhSavedSession *self)
{
  return (const char *const *)self->lists[0];
}

const char *const *
ph_saved_session_get_rules_off (PhSavedSession *self)
{
  return (const char *const *)self->lists[PROP_RULES_OFF - PROP_RULES];
}

const char *const *
ph_saved_session_get_mappings (PhSavedSession *self)
{
  return (const char *const *)self->lists[PROP_MAPPINGS - PROP_RULES];
}

guint16
ph_saved_session_get_own_port (PhSavedSession *self)
{
  return (guint16)self->numbers[0];
}

gint64
ph_saved_session_get_last_used (PhSavedSession *self)
{
  return self->numbers[PROP_LAST_USED - PROP_OWN_PORT];
}

void
ph_saved_session_touch (PhSavedSession *self)
{
  g_object_set (self, "last-used", g_get_real_time () / G_USEC_PER_SEC, NULL);
}

/* --- the file -------------------------------------------------------------------------------- */

static const char *const roles[] = {
  [PH_SESSION_HOST] = "host",
  [PH_SESSION_CLIENT] = "client",
};

void
ph_saved_session_write (PhSavedSession *self, GKeyFile *content)
{
  const char *group = self->uuid;

  g_key_file_set_string (content, group, "role", roles[self->role]);
  for (guint id = PROP_TITLE; id < PROP_RULES; id++)
    g_key_file_set_string (content, group, names[id], self->strings[id - PROP_TITLE]);
  for (guint id = PROP_RULES; id < PROP_OWN_PORT; id++)
    {
      const char *const *list = (const char *const *)self->lists[id - PROP_RULES];

      g_key_file_set_string_list (content, group, names[id], list, g_strv_length ((char **)list));
    }
  for (guint id = PROP_OWN_PORT; id < N_PROPS; id++)
    g_key_file_set_int64 (content, group, names[id], self->numbers[id - PROP_OWN_PORT]);
}

/* A key that is absent, as one of a later version's may be here, leaves the property as it is. */
static gboolean
read_property (PhSavedSession *self, GKeyFile *content, guint id, GError **error)
{
  const char *group = self->uuid;
  g_autofree char *text = NULL;
  g_auto (GStrv) list = NULL;
  GError *wrong = NULL;

  if (!g_key_file_has_key (content, group, names[id], NULL))
    return TRUE;
  if (id < PROP_RULES)
    set_string (self, id, text = g_key_file_get_string (content, group, names[id], &wrong));
  else if (id < PROP_OWN_PORT)
    set_list (self, id,
              (const char *const *)(list = g_key_file_get_string_list (content, group, names[id],
                                                                       NULL, &wrong)));
  else
    self->numbers[id - PROP_OWN_PORT] = g_key_file_get_int64 (content, group, names[id], &wrong);
  if (wrong != NULL)
    g_propagate_error (error, wrong);
  return wrong == NULL;
}

static gboolean
read_role (PhSavedSession *self, GKeyFile *content, GError **error)
{
  g_autofree char *role = g_key_file_get_string (content, self->uuid, "role", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (roles); i++)
    if (g_strcmp0 (role, roles[i]) == 0)
      {
        self->role = i;
        return TRUE;
      }
  g_set_error (error, PH_ERROR, PH_ERROR_INVALID, "“role=%s”", role != NULL ? role : "");
  return FALSE;
}

static gboolean
check_numbers (PhSavedSession *self, GError **error)
{
  if (self->numbers[0] >= 0 && self->numbers[0] <= G_MAXUINT16 && self->numbers[1] >= 0)
    return TRUE;
  g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID, "own-port, last-used");
  return FALSE;
}

PhSavedSession *
ph_saved_session_read (GKeyFile *content, const char *group, GError **error)
{
  g_autoptr (PhSavedSession) self = g_object_new (PH_TYPE_SAVED_SESSION, NULL);

  self->uuid = g_strdup (group);
  if (!g_uuid_string_is_valid (group))
    {
      g_set_error (error, PH_ERROR, PH_ERROR_INVALID, "“[%s]”", group);
      return NULL;
    }
  for (guint id = PROP_TITLE; id < N_PROPS; id++)
    if (!read_property (self, content, id, error))
      return NULL;
  if (!read_role (self, content, error) || !check_numbers (self, error))
    return NULL;
  return g_steal_pointer (&self);
}
