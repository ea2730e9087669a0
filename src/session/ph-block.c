/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-block.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/ph-error.h"
#include "core/ph-frame.h"
#include "core/ph-text.h"
#include "transport/ph-crc32c.h"

#define LINE_LENGTH 64
#define START_SIZE 4 /* version, kind, size: what every version begins with */
#define CRC_SIZE 4
#define TYPE_IPV6 0x80
#define IPV4_PREFIX 12 /* bytes of an IPv4-mapped address before the address itself */

static const char
    *const kind_words[] = { [PH_BLOCK_OFFER] = "OFFER", [PH_BLOCK_ANSWER] = "ANSWER" };

/* The flags of extensions are their bits here. */
G_STATIC_ASSERT (PH_EXTENSION_CREDIT == 1 && PH_EXTENSION_EOF == 2 && PH_EXTENSION_OPENED == 4 &&
                 PH_EXTENSION_NAME == 8 && PH_EXTENSION_SERVICES == 16);

void
ph_block_free (PhBlock *self)
{
  g_free (self->name);
  g_clear_pointer (&self->sdp, ph_sdp_free);
  g_clear_pointer (&self->covered, g_bytes_unref);
  g_free (self);
}

gboolean
ph_block_is_same_pairing (const PhBlock *a, const PhBlock *b)
{
  return memcmp (a->number, b->number, PH_BLOCK_NUMBER_SIZE) == 0;
}

/* Writing */

static void
put_u8 (GByteArray *bytes, guint value)
{
  guint8 byte = (guint8)value;

  g_byte_array_append (bytes, &byte, 1);
}

static void
put_u16 (GByteArray *bytes, guint16 value)
{
  guint8 two[2];

  ph_write_u16 (two, value);
  g_byte_array_append (bytes, two, sizeof two);
}

static void
put_u32 (GByteArray *bytes, guint32 value)
{
  guint8 four[4];

  ph_write_u32 (four, value);
  g_byte_array_append (bytes, four, sizeof four);
}

/* Names, and what ICE makes of letters, are never longer than this. */
static void
put_text (GByteArray *bytes, const char *text)
{
  gsize size = MIN (strlen (text), G_MAXUINT8);

  put_u8 (bytes, (guint)size);
  g_byte_array_append (bytes, (const guint8 *)text, (guint)size);
}

static void
put_candidate (GByteArray *bytes, const PhCandidate *candidate)
{
  const guint8 *address = candidate->address.addr;
  gsize skipped = ph_address_is_ipv4 (address) ? IPV4_PREFIX : 0;

  put_u8 (bytes, (guint)candidate->type | (skipped == 0 ? TYPE_IPV6 : 0));
  put_u32 (bytes, candidate->priority);
  g_byte_array_append (bytes, address + skipped, (guint)(sizeof candidate->address.addr - skipped));
  put_u16 (bytes, candidate->address.port);
}

static void
put_sdp (GByteArray *bytes, const PhSdp *sdp)
{
  put_text (bytes, sdp->ice_ufrag);
  put_text (bytes, sdp->ice_pwd);
  g_byte_array_append (bytes, sdp->fingerprint, sizeof sdp->fingerprint);
  put_u8 (bytes, (guint)sdp->setup);
  put_u16 (bytes, sdp->sctp_port);
  put_u32 (bytes, sdp->max_message_size);
}

static void
put_candidates (GByteArray *bytes, const GArray *candidates)
{
  guint n = MIN (candidates->len, PH_SDP_MAX_CANDIDATES);

  put_u8 (bytes, n);
  for (guint i = 0; i < n; i++)
    put_candidate (bytes, &g_array_index (candidates, PhCandidate, i));
}

/* Everything but an answer's MAC and the CRC, which the size counts nevertheless. */
static GByteArray *
write_fields (const PhBlock *self)
{
  GByteArray *bytes = g_byte_array_new ();
  gboolean is_offer = self->kind == PH_BLOCK_OFFER;

  put_u8 (bytes, PH_BLOCK_VERSION);
  put_u8 (bytes, (guint)self->kind);
  put_u16 (bytes, 0);
  g_byte_array_append (bytes, self->number, sizeof self->number);
  if (is_offer)
    {
      put_u32 (bytes, self->created_s);
      g_byte_array_append (bytes, self->secret, sizeof self->secret);
    }
  put_text (bytes, self->name);
  put_sdp (bytes, self->sdp);
  put_u8 (bytes, (guint)self->extensions);
  put_candidates (bytes, self->sdp->candidates);
  ph_write_u16 (bytes->data + 2, (guint16)(bytes->len + (is_offer ? 0 : PH_MAC_SIZE) + CRC_SIZE));
  return bytes;
}

static void
draw_proof (const PhBlock *answer, const PhBlock *offer, guint8 ret_mac[PH_MAC_SIZE])
{
  guint8 key[PH_KEY_SIZE];

  ph_code_derive_key (offer->secret, key);
  ph_code_mac_pairing (key, offer->covered, answer->covered, ret_mac);
}

gboolean
ph_block_check_half (const PhHalf *half, GError **error)
{
  if (half->candidates[0] != NULL)
    return TRUE;
  g_set_error_literal (
      error, PH_ERROR, PH_ERROR_NO_PATH,
      _ ("This computer has no address that the other one could be told. Check that "
         "it is online and, where only relays may be used, that the TURN server answers"));
  return FALSE;
}

static PhBlock *
block_new (PhBlockKind kind, const char *name, const PhHalf *half)
{
  PhBlock *self = g_new0 (PhBlock, 1);
  g_auto (GStrv) lines = ph_half_dup_lines (half);
  PhCandidate candidate;

  self->kind = kind;
  self->name = g_strdup (name);
  self->extensions = ph_half_get_extensions (half);
  self->sdp = ph_sdp_parse (half->description->sdp, NULL); /* our own: it cannot fail */
  for (gsize i = 0; lines[i] != NULL; i++)
    if (ph_sdp_parse_candidate (lines[i], &candidate))
      g_array_append_val (self->sdp->candidates, candidate);
  return self;
}

PhBlock *
ph_block_new_offer (const char *name, const PhHalf *half)
{
  PhBlock *self = block_new (PH_BLOCK_OFFER, name, half);

  self->created_s = (guint32)(g_get_real_time () / G_USEC_PER_SEC);
  ph_code_draw (self->number, sizeof self->number);
  ph_code_draw (self->secret, sizeof self->secret);
  self->covered = g_byte_array_free_to_bytes (write_fields (self));
  return self;
}

PhBlock *
ph_block_new_answer (const char *name, const PhHalf *half, const PhBlock *offer)
{
  PhBlock *self = block_new (PH_BLOCK_ANSWER, name, half);

  memcpy (self->number, offer->number, sizeof self->number);
  self->covered = g_byte_array_free_to_bytes (write_fields (self));
  draw_proof (self, offer, self->mac);
  return self;
}

char *
ph_block_print (const PhBlock *self)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  const char *word = kind_words[self->kind];
  GString *text = g_string_new (NULL);
  g_autofree char *base64 = NULL;
  gsize length;

  g_byte_array_append (bytes, g_bytes_get_data (self->covered, NULL),
                       (guint)g_bytes_get_size (self->covered));
  if (self->kind == PH_BLOCK_ANSWER)
    g_byte_array_append (bytes, self->mac, sizeof self->mac);
  put_u32 (bytes, ph_crc32c (bytes->data, bytes->len));
  base64 = g_base64_encode (bytes->data, bytes->len);
  length = strcspn (base64, "=");
  g_string_append_printf (text, "-----BEGIN PORTHOLE %s-----\n", word);
  for (gsize i = 0; i < length; i += LINE_LENGTH)
    g_string_append_printf (text, "%.*s\n", (int)MIN (length - i, LINE_LENGTH), base64 + i);
  g_string_append_printf (text, "-----END PORTHOLE %s-----\n", word);
  return g_string_free (text, FALSE);
}

/* Finding it among what people paste */

static gboolean
is_base64 (char c)
{
  return g_ascii_isalnum (c) || c == '+' || c == '/';
}

/* What stands behind @words, each with something that is not base64 before it; NULL if @text does
 * not begin so. The last one is NULL. */
static const char *
match_words (const char *text, const char *const *words)
{
  for (gsize i = 0; words[i] != NULL; i++)
    {
      gsize between = 0;

      while (i > 0 && text[between] != '\0' && !is_base64 (text[between]))
        between++;
      if ((i > 0 && between == 0) || !g_str_has_prefix (text + between, words[i]))
        return NULL;
      text += between + strlen (words[i]);
    }
  return text;
}

/* Of either kind, stored; behind it. */
static const char *
match_marker (const char *text, const char *word, PhBlockKind *ret_kind)
{
  for (guint kind = 0; kind < G_N_ELEMENTS (kind_words); kind++)
    {
      const char *const words[] = { word, "PORTHOLE", kind_words[kind], NULL };
      const char *behind = match_words (text, words);

      if (behind == NULL)
        continue;
      *ret_kind = (PhBlockKind)kind;
      return behind;
    }
  return NULL;
}

/* The first one in @text: where it begins and, stored, what stands behind; NULL if there is none.
 */
static const char *
find_marker (const char *text, const char *word, const char **ret_behind, PhBlockKind *ret_kind)
{
  for (text = strstr (text, word); text != NULL; text = strstr (text + 1, word))
    {
      *ret_behind = match_marker (text, word, ret_kind);
      if (*ret_behind != NULL)
        return text;
    }
  return NULL;
}

gboolean
ph_block_begins (const char *text)
{
  static const char *const words[] = { "BEGIN", "PORTHOLE", NULL };

  for (text = strstr (text, words[0]); text != NULL; text = strstr (text + 1, words[0]))
    if (match_words (text, words) != NULL)
      return TRUE;
  return FALSE;
}

gboolean
ph_block_has_end_line (const char *text)
{
  const char *behind;
  PhBlockKind kind;

  return find_marker (text, "END", &behind, &kind) != NULL;
}

/* Where the body begins of the last block that says to be of the @wanted kind, else of the last. */
static const char *
find_body (const char *text, PhBlockKind wanted)
{
  const char *body = NULL;
  gboolean is_wanted = FALSE;
  const char *behind;
  PhBlockKind kind;

  while (find_marker (text, "BEGIN", &behind, &kind) != NULL)
    {
      if (kind == wanted || !is_wanted)
        body = behind;
      is_wanted |= kind == wanted;
      text = behind;
    }
  return body;
}

/* The end of @body, where a whole block has one; NULL if the next block comes first, or nothing. */
static const char *
find_end (const char *body)
{
  const char *behind;
  PhBlockKind kind;
  const char *next = find_marker (body, "BEGIN", &behind, &kind);
  const char *end = find_marker (body, "END", &behind, &kind);

  return next == NULL || (end != NULL && end < next) ? end : NULL;
}

/* The bytes from @body to @end; NULL where what is left is no base64. */
static GBytes *
decode_body (const char *body, const char *end)
{
  g_autoptr (GString) base64 = g_string_new (NULL);
  g_autofree char *again = NULL;
  guchar *bytes;
  gsize size = 0;

  for (; body < end; body++)
    if (is_base64 (*body))
      g_string_append_c (base64, *body);
  while (base64->len % 4 != 0)
    g_string_append_c (base64, '=');
  bytes = g_base64_decode (base64->str, &size);
  again = g_base64_encode (bytes, size); /* of all spellings there is one right one */
  if (g_str_equal (again, base64->str))
    return g_bytes_new_take (bytes, size);
  g_free (bytes);
  return NULL;
}

/* Reading what is inside */

typedef struct
{
  const guint8 *bytes;
  gsize left;
} Cursor;

static gboolean
take (Cursor *self, gpointer ret_bytes, gsize size)
{
  if (self->left < size)
    return FALSE;
  memcpy (ret_bytes, self->bytes, size);
  self->bytes += size;
  self->left -= size;
  return TRUE;
}

static gboolean
take_u16 (Cursor *self, guint16 *ret_value)
{
  guint8 two[2];

  if (!take (self, two, sizeof two))
    return FALSE;
  *ret_value = ph_read_u16 (two);
  return TRUE;
}

static gboolean
take_u32 (Cursor *self, guint32 *ret_value)
{
  guint8 four[4];

  if (!take (self, four, sizeof four))
    return FALSE;
  *ret_value = ph_read_u32 (four);
  return TRUE;
}

static gboolean
take_text (Cursor *self, char **ret_text)
{
  guint8 size;

  if (!take (self, &size, 1) || self->left < size)
    return FALSE;
  *ret_text = g_strndup ((const char *)self->bytes, size);
  self->bytes += size;
  self->left -= size;
  return strlen (*ret_text) == size;
}

/* Keeps what ICE can use, as of one that came through signaling; FALSE if it is not whole. */
static gboolean
take_candidate (Cursor *self, guint index, GArray *candidates)
{
  PhCandidate candidate = { .address = { .addr = { [10] = 0xff, [11] = 0xff } } };
  g_autofree char *line = NULL;
  guint8 type;
  gsize skipped;

  if (!take (self, &type, 1) || (type & ~TYPE_IPV6) > PH_CANDIDATE_RELAYED)
    return FALSE;
  skipped = type & TYPE_IPV6 ? 0 : IPV4_PREFIX;
  if (!take_u32 (self, &candidate.priority) ||
      !take (self, candidate.address.addr + skipped, sizeof candidate.address.addr - skipped) ||
      !take_u16 (self, &candidate.address.port))
    return FALSE;
  candidate.type = (PhCandidateType)(type & ~TYPE_IPV6);
  g_snprintf (candidate.foundation, sizeof candidate.foundation, "%u", index + 1);
  line = ph_sdp_print_candidate (&candidate);
  if (ph_sdp_parse_candidate (line, &candidate))
    g_array_append_val (candidates, candidate);
  return TRUE;
}

static gboolean
take_candidates (Cursor *self, GArray *candidates)
{
  guint8 n;

  if (!take (self, &n, 1) || n > PH_SDP_MAX_CANDIDATES)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!take_candidate (self, i, candidates))
      return FALSE;
  return TRUE;
}

/* As the SDP parser lets it through, which is what checks what comes through signaling. */
static PhSdp *
check_sdp (PhSdp *sdp)
{
  g_autofree char *text = ph_sdp_print (sdp);
  PhSdp *checked = ph_sdp_parse (text, NULL);

  if (checked != NULL && g_str_equal (checked->ice_ufrag, sdp->ice_ufrag) &&
      g_str_equal (checked->ice_pwd, sdp->ice_pwd))
    return checked;
  g_clear_pointer (&checked, ph_sdp_free);
  return NULL;
}

static gboolean
take_sdp (Cursor *self, PhBlock *block)
{
  g_autofree char *ufrag = NULL;
  g_autofree char *pwd = NULL;
  PhSdp sdp = { .mid = (char *)"0" };
  guint8 setup;

  if (!take_text (self, &ufrag) || !take_text (self, &pwd) ||
      !take (self, sdp.fingerprint, sizeof sdp.fingerprint) || !take (self, &setup, 1) ||
      setup > PH_SDP_SETUP_PASSIVE || !take_u16 (self, &sdp.sctp_port) ||
      !take_u32 (self, &sdp.max_message_size))
    return FALSE;
  sdp.ice_ufrag = ufrag;
  sdp.ice_pwd = pwd;
  sdp.setup = (PhSdpSetup)setup;
  block->sdp = check_sdp (&sdp);
  return block->sdp != NULL;
}

static gboolean
take_fields (Cursor *self, PhBlock *block)
{
  gboolean is_offer = block->kind == PH_BLOCK_OFFER;
  g_autofree char *name = NULL;
  guint8 extensions;

  if (!take (self, block->number, sizeof block->number) ||
      (is_offer && !take_u32 (self, &block->created_s)) ||
      (is_offer && !take (self, block->secret, sizeof block->secret)) || !take_text (self, &name) ||
      !take_sdp (self, block) || !take (self, &extensions, 1) ||
      !take_candidates (self, block->sdp->candidates) ||
      (!is_offer && !take (self, block->mac, sizeof block->mac)) || self->left != CRC_SIZE)
    return FALSE;
  block->name = ph_text_clean (name, -1, PH_TEXT_MAX_NAME);
  block->extensions = (PhExtensions)extensions;
  return TRUE;
}

static PhBlock *
read_fields (GBytes *bytes)
{
  g_autoptr (PhBlock) block = g_new0 (PhBlock, 1);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  Cursor cursor = { data + START_SIZE, size - START_SIZE };
  gsize rest;

  if (data[1] > PH_BLOCK_ANSWER)
    return NULL;
  block->kind = (PhBlockKind)data[1];
  if (!take_fields (&cursor, block))
    return NULL;
  rest = CRC_SIZE + (block->kind == PH_BLOCK_ANSWER ? PH_MAC_SIZE : 0);
  block->covered = g_bytes_new_from_bytes (bytes, 0, size - rest);
  return g_steal_pointer (&block);
}

/* Reading all of it */

static gboolean
is_whole (GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  return size >= START_SIZE + CRC_SIZE && ph_read_u16 (data + 2) == size &&
         ph_read_u32 (data + size - CRC_SIZE) == ph_crc32c (data, size - CRC_SIZE);
}

gboolean
ph_block_ends (const char *text)
{
  const char *body = find_body (text, PH_BLOCK_OFFER);
  g_autoptr (GBytes) bytes = body != NULL ? decode_body (body, body + strlen (body)) : NULL;

  return ph_block_has_end_line (text) || (bytes != NULL && is_whole (bytes));
}

static guint
get_version (GBytes *bytes)
{
  return ((const guint8 *)g_bytes_get_data (bytes, NULL))[0];
}

/* The bytes of the block in @text; only what the chat may have done to it is looked at. A last line
 * that did not come is not missed: what is whole knows it. */
static GBytes *
find_bytes (const char *text, PhBlockKind wanted, GError **error)
{
  const char *word = kind_words[wanted];
  const char *body = find_body (text, wanted);
  const char *end = body != NULL ? find_end (body) : NULL;
  g_autoptr (GBytes) bytes =
      body != NULL ? decode_body (body, end != NULL ? end : body + strlen (body)) : NULL;

  if (bytes != NULL && is_whole (bytes))
    return g_steal_pointer (&bytes);
  if (body == NULL)
    g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
                 _ ("There is no Porthole block in that text; what belongs here begins with "
                    "“-----BEGIN PORTHOLE %s-----” and ends with “-----END PORTHOLE %s-----”"),
                 word, word);
  else if (end == NULL)
    g_set_error_literal (
        error, PH_ERROR, PH_ERROR_INVALID,
        _ ("The block has been cut: its end is missing. Copy all of it, down to the "
           "line that begins with “-----END PORTHOLE”"));
  else
    g_set_error_literal (
        error, PH_ERROR, PH_ERROR_INVALID,
        _ ("The block was changed on the way: a part of it is missing or different. "
           "Copy it again, or have it sent another way, as plain text or a file"));
  return NULL;
}

static void
set_wrong_kind (PhBlockKind wanted, GError **error)
{
  g_set_error_literal (
      error, PH_ERROR, PH_ERROR_INVALID,
      wanted == PH_BLOCK_ANSWER
          ? _ ("That is an offer, and what belongs here is the answer to one. A Client pastes it "
               "where they join, and sends back the answer that shows")
          : _ ("That is an answer, and what belongs here is an offer. The Host pastes it "
               "into the session that made the offer"));
}

PhBlock *
ph_block_parse (const char *text, PhBlockKind wanted, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (PhBlock) block = NULL;

  if (strlen (text) > PH_BLOCK_MAX_TEXT)
    {
      g_set_error (
          error, PH_ERROR, PH_ERROR_INVALID,
          _ ("That is more text than the %d bytes that are looked through for a block; paste "
             "the block alone, from its BEGIN line to its END line"),
          PH_BLOCK_MAX_TEXT);
      return NULL;
    }
  bytes = find_bytes (text, wanted, error);
  if (bytes == NULL)
    return NULL;
  if (get_version (bytes) == PH_BLOCK_VERSION)
    block = read_fields (bytes);
  if (get_version (bytes) > PH_BLOCK_VERSION)
    g_set_error_literal (
        error, PH_ERROR, PH_ERROR_INVALID,
        _ ("The block was made by a newer version of Porthole, which this one does "
           "not understand: install the newer one here, too"));
  else if (block == NULL)
    g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID,
                         _ ("The block is whole, but what is in it makes no sense. Check that both "
                            "sides run a current version of Porthole, and make a new one"));
  else if (block->kind != wanted)
    set_wrong_kind (wanted, error);
  else
    return g_steal_pointer (&block);
  return NULL;
}

gboolean
ph_block_check_age (const PhBlock *offer, gint64 now_s, GError **error)
{
  gint64 age_s = now_s - offer->created_s;

  if (age_s <= PH_BLOCK_LIFETIME_S + PH_BLOCK_SLACK_S)
    return TRUE;
  g_set_error (
      error, PH_ERROR, PH_ERROR_INVALID,
      _ ("The offer is too old: it was made %d hours ago, and the Host "
         "waits %d minutes for an answer. Ask for a new one (if it is new, the clock of one "
         "of the two computers is wrong)"),
      (int)(age_s / 3600), PH_BLOCK_LIFETIME_S / 60);
  return FALSE;
}

gboolean
ph_block_check_answer (const PhBlock *answer, const PhBlock *offer, GError **error)
{
  guint8 mac[PH_MAC_SIZE];

  draw_proof (answer, offer, mac);
  if (ph_code_equal (answer->mac, mac, sizeof mac))
    return TRUE;
  g_set_error_literal (
      error, PH_ERROR, PH_ERROR_NOT_VERIFIED,
      _ ("Not verified: the answer was not made from this offer as it was sent, so "
         "somebody may have changed one of the two on the way. Make a new offer, and "
         "send it another way"));
  return FALSE;
}

PhHalf *
ph_block_dup_half (const PhBlock *self)
{
  g_autofree char *sdp = ph_sdp_print (self->sdp);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) lines = NULL;

  for (guint i = 0; i < self->sdp->candidates->len; i++)
    {
      g_autofree char *line =
          ph_sdp_print_candidate (&g_array_index (self->sdp->candidates, PhCandidate, i));

      g_strv_builder_add (builder, line);
    }
  lines = g_strv_builder_end (builder);
  return ph_half_new (self->kind == PH_BLOCK_OFFER ? PH_SIGNAL_TYPE_OFFER : PH_SIGNAL_TYPE_ANSWER,
                      sdp, (const char *const *)lines, self->sdp->mid, self->extensions);
}
