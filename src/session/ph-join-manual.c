/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>

#include "core/ph-error.h"

#include "ph-join-private.h"

/* The offer, which is pasted */

static const char *
find_paste_fault (PhJoin *self)
{
  if (!self->is_manual)
    return _ ("This session was joined by its code; no offer belongs here");
  if (self->state == PH_JOIN_NEW || self->state >= PH_JOIN_ENDING)
    return _ ("The session has ended");
  if (self->state == PH_JOIN_CONNECTED)
    return _ ("There is nothing to be pasted any more: the Host is connected");
  return NULL;
}

/* Once an offer has been answered, the Host is waited for: a second one would be for another wait.
 */
static gboolean
check_first (PhJoin *self, const PhBlock *offer, GError **error)
{
  const char *fault =
      self->block == NULL ? NULL
      : ph_block_is_same_pairing (self->block, offer)
          ? _ ("That offer has been answered: send the answer to the Host, who pastes it")
          : _ ("Another offer has been answered already. To take this one instead, quit and join "
               "again");

  if (fault != NULL)
    g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID, fault);
  return fault == NULL;
}

static PhBlock *
parse_offer (PhJoin *self, const char *text, GError **error)
{
  PhBlock *offer = ph_block_parse (text, PH_BLOCK_OFFER, error);
  g_autoptr (PhBlock) own = offer == NULL ? ph_block_parse (text, PH_BLOCK_ANSWER, NULL) : NULL;

  if (own == NULL || self->block == NULL || !ph_block_is_same_pairing (own, self->block))
    return offer;
  g_clear_error (error);
  g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID,
                       _ ("That is your own answer. Send it to the Host, who pastes it"));
  return NULL;
}

gboolean
ph_join_paste (PhJoin *self, const char *text, GError **error)
{
  const char *fault = find_paste_fault (self);
  g_autoptr (PhBlock) offer = NULL;

  if (fault != NULL)
    {
      g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID, fault);
      return FALSE;
    }
  offer = parse_offer (self, text, error);
  if (offer == NULL || !check_first (self, offer, error) ||
      !ph_block_check_age (offer, g_get_real_time () / G_USEC_PER_SEC, error))
    return FALSE;
  self->offer = ph_block_dup_half (offer);
  self->offer_sdp = ph_sdp_parse (self->offer->description->sdp, NULL); /* it was checked so */
  self->host_name = g_strdup (*offer->name != '\0' ? offer->name : _ ("somebody"));
  self->block = g_steal_pointer (&offer);
  ph_join_set_state (self, PH_JOIN_PREPARING);
  ph_join_answer_if_ready (self);
  return TRUE;
}

/* The answer, which is passed on */

void
ph_join_manual_hand_out (PhJoin *self, const PhHalf *half)
{
  g_autoptr (PhBlock) answer = ph_block_new_answer (self->name, half, self->block);
  g_autofree char *text = ph_block_print (answer);

  self->events->block (text, self->user_data);
}

GError *
ph_join_manual_new_nobody_came (PhJoin *self)
{
  return g_error_new (
      PH_ERROR, PH_ERROR_NO_PATH,
      _ ("The Host did not come within %u seconds: nobody has pasted the answer there, "
         "or the two computers found no way to reach each other. Ask for a new offer; a "
         "TURN server on either side helps where no direct way is open"),
      self->patience_ms / 1000);
}
