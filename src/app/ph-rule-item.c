/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-rule-item.h"

#include "core/ph-endpoint.h"
#include "core/ph-known-port.h"
#include "ph-words.h"

struct _PhRuleItem
{
  GObject parent_instance;

  char *text;
  gboolean is_on;
  guint n_connections;
  char *users;
};

G_DEFINE_FINAL_TYPE (PhRuleItem, ph_rule_item, G_TYPE_OBJECT)

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
ph_rule_item_finalize (GObject *object)
{
  PhRuleItem *self = PH_RULE_ITEM (object);

  g_free (self->text);
  g_free (self->users);
  G_OBJECT_CLASS (ph_rule_item_parent_class)->finalize (object);
}

static void
ph_rule_item_class_init (PhRuleItemClass *class)
{
  G_OBJECT_CLASS (class)->finalize = ph_rule_item_finalize;
  signals[CHANGED] = g_signal_new ("changed", PH_TYPE_RULE_ITEM, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
}

static void
ph_rule_item_init (PhRuleItem *self)
{
  self->users = g_strdup ("");
}

PhRuleItem *
ph_rule_item_new (const char *text, gboolean is_on)
{
  PhRuleItem *self = g_object_new (PH_TYPE_RULE_ITEM, NULL);

  self->text = g_strdup (text);
  self->is_on = is_on;
  return self;
}

const char *
ph_rule_item_get_text (PhRuleItem *item)
{
  return item->text;
}

const char *
ph_rule_item_get_title (PhRuleItem *item)
{
  const char *colon = strrchr (item->text, ':');
  const PhKnownPort *known;
  guint16 port;

  if (colon == NULL || !ph_port_parse (colon + 1, &port))
    return item->text;
  known = ph_known_port_find (port);
  return known != NULL ? ph_words_title (known->title) : item->text;
}

gboolean
ph_rule_item_is_on (PhRuleItem *item)
{
  return item->is_on;
}

void
ph_rule_item_set_on (PhRuleItem *item, gboolean is_on)
{
  if (item->is_on == is_on)
    return;
  item->is_on = is_on;
  g_signal_emit (item, signals[CHANGED], 0);
}

guint
ph_rule_item_get_n_connections (PhRuleItem *item)
{
  return item->n_connections;
}

const char *
ph_rule_item_get_users (PhRuleItem *item)
{
  return item->users;
}

void
ph_rule_item_set_use (PhRuleItem *item, guint n_connections, const char *users)
{
  if (item->n_connections == n_connections && g_str_equal (item->users, users))
    return;
  item->n_connections = n_connections;
  g_free (item->users);
  item->users = g_strdup (users);
  g_signal_emit (item, signals[CHANGED], 0);
}
