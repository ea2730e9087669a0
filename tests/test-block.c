/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-error.h"
#include "core/ph-frame.h"
#include "session/ph-block.h"
#include "transport/ph-crc32c.h"

#define UFRAG "aB3+"
#define PWD "abcdefghijklmnopqrstuv"

static const char *const lines[] = {
  "candidate:1 1 UDP 2015363327 192.168.1.20 40001 typ host",
  "candidate:2 1 UDP 2015363583 2001:db8::1:2:3 40002 typ host",
  "candidate:3 1 UDP 2015363839 fd00::17 40003 typ host",
  "candidate:4 1 UDP 2015364095 10.0.0.7 40004 typ host",
  "candidate:5 1 UDP 1679819007 203.0.113.9 40005 typ srflx raddr 192.168.1.20 rport 40001",
  "candidate:6 1 UDP 16777215 198.51.100.3 40006 typ relay raddr 192.168.1.20 rport 40001",
  NULL,
};

static PhHalf *
make_half (PhSignalType type)
{
  PhSdp sdp = { .ice_ufrag = (char *)UFRAG,
                .ice_pwd = (char *)PWD,
                .setup = type == PH_SIGNAL_TYPE_OFFER ? PH_SDP_SETUP_ACTPASS : PH_SDP_SETUP_ACTIVE,
                .mid = (char *)"0",
                .sctp_port = PH_SDP_SCTP_PORT,
                .max_message_size = PH_SDP_MAX_MESSAGE_SIZE };
  g_autofree char *text = NULL;

  for (guint i = 0; i < sizeof sdp.fingerprint; i++)
    sdp.fingerprint[i] = (guint8)(i * 7);
  text = ph_sdp_print (&sdp);
  return ph_half_new (type, text, lines, "0", PH_EXTENSIONS_OURS);
}

static PhBlock *
make_offer (void)
{
  g_autoptr (PhHalf) half = make_half (PH_SIGNAL_TYPE_OFFER);

  return ph_block_new_offer ("hanna", half);
}

static PhBlock *
make_answer (const PhBlock *offer)
{
  g_autoptr (PhHalf) half = make_half (PH_SIGNAL_TYPE_ANSWER);

  return ph_block_new_answer ("anna", half, offer);
}

static PhBlock *
parse_good (const char *text, PhBlockKind kind)
{
  g_autoptr (GError) error = NULL;
  PhBlock *block = ph_block_parse (text, kind, &error);

  g_assert_no_error (error);
  return block;
}

/* What is wrong with @text, in words of which @words are some. */
static void
assert_refused (const char *text, PhBlockKind wanted, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ph_block_parse (text, wanted, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

static void
assert_same (const PhBlock *a, const PhBlock *b)
{
  g_assert_true (a->kind == b->kind && ph_block_is_same_pairing (a, b));
  g_assert_true (g_bytes_equal (a->covered, b->covered));
  g_assert_cmpmem (a->mac, PH_MAC_SIZE, b->mac, PH_MAC_SIZE);
  g_assert_cmpmem (a->secret, PH_SECRET_SIZE, b->secret, PH_SECRET_SIZE);
  g_assert_cmpuint (a->created_s, ==, b->created_s);
  g_assert_cmpstr (a->name, ==, b->name);
  g_assert_cmpint (a->extensions, ==, b->extensions);
}

/* All that ICE, DTLS and SCTP get to know came through; foundations are drawn anew, and related
 * addresses, which nobody needs, stay behind. */
static void
assert_whole (const PhBlock *block)
{
  g_assert_cmpstr (block->sdp->ice_ufrag, ==, UFRAG);
  g_assert_cmpstr (block->sdp->ice_pwd, ==, PWD);
  g_assert_cmpuint (block->sdp->fingerprint[31], ==, 31 * 7);
  g_assert_cmpuint (block->sdp->max_message_size, ==, PH_SDP_MAX_MESSAGE_SIZE);
  g_assert_cmpint (block->extensions, ==, PH_EXTENSIONS_OURS);
  g_assert_cmpuint (block->sdp->candidates->len, ==, G_N_ELEMENTS (lines) - 1);
  for (guint i = 0; i < block->sdp->candidates->len; i++)
    {
      const PhCandidate *candidate = &g_array_index (block->sdp->candidates, PhCandidate, i);
      PhCandidate expected;

      g_assert_true (ph_sdp_parse_candidate (lines[i], &expected));
      g_assert_true (ph_endpoint_equal (&candidate->address, &expected.address));
      g_assert_cmpuint (candidate->priority, ==, expected.priority);
      g_assert_cmpint (candidate->type, ==, expected.type);
      g_assert_cmpuint (candidate->base.port, ==, 0);
    }
}

static void
test_round_trip (void)
{
  g_autoptr (PhBlock) offer = make_offer ();
  g_autoptr (PhBlock) answer = make_answer (offer);
  g_autofree char *offer_text = ph_block_print (offer);
  g_autofree char *answer_text = ph_block_print (answer);
  g_autoptr (PhBlock) read_offer = parse_good (offer_text, PH_BLOCK_OFFER);
  g_autoptr (PhBlock) read_answer = parse_good (answer_text, PH_BLOCK_ANSWER);
  g_autoptr (PhHalf) half = ph_block_dup_half (read_answer);
  g_auto (GStrv) read_lines = ph_half_dup_lines (half);
  g_autoptr (GError) error = NULL;

  g_test_message ("%zu and %zu characters", strlen (offer_text), strlen (answer_text));
  g_assert_cmpuint (strlen (offer_text), <, 500);
  g_assert_cmpuint (strlen (answer_text), <, 500);
  assert_same (offer, read_offer);
  assert_same (answer, read_answer);
  assert_whole (read_offer);
  assert_whole (read_answer);
  g_assert_cmpint (read_offer->sdp->setup, ==, PH_SDP_SETUP_ACTPASS);
  g_assert_cmpint (read_answer->sdp->setup, ==, PH_SDP_SETUP_ACTIVE);
  g_assert_cmpuint (g_strv_length (read_lines), ==, G_N_ELEMENTS (lines) - 1);
  g_assert_true (ph_block_check_answer (read_answer, read_offer, &error));
  g_assert_no_error (error);
}

/* No two offers are alike, or an old answer would do for a new one. */
static void
test_fresh (void)
{
  g_autoptr (PhBlock) a = make_offer ();
  g_autoptr (PhBlock) b = make_offer ();

  g_assert_false (ph_block_is_same_pairing (a, b));
  g_assert_cmpint (memcmp (a->secret, b->secret, PH_SECRET_SIZE), !=, 0);
}

/* What chats and mail programs make of a text */

static char *
put_before_lines (const char *text, const char *mark)
{
  g_auto (GStrv) parts = g_strsplit (text, "\n", -1);
  g_autofree char *separator = g_strconcat ("\n", mark, NULL);
  g_autofree char *joined = g_strjoinv (separator, parts);

  return g_strconcat (mark, joined, NULL);
}

static char *
replace_all (const char *text, const char *from, const char *to)
{
  g_auto (GStrv) parts = g_strsplit (text, from, -1);

  return g_strjoinv (to, parts);
}

static char *
wrap_at (const char *text, gsize columns, const char *separator)
{
  GString *wrapped = g_string_new (NULL);
  gsize column = 0;

  for (; *text != '\0'; text++)
    {
      g_string_append_c (wrapped, *text);
      column = *text == '\n' ? 0 : column + 1;
      if (column < columns)
        continue;
      g_string_append (wrapped, separator);
      column = 0;
    }
  return g_string_free (wrapped, FALSE);
}

static void
test_surroundings (void)
{
  g_autoptr (PhBlock) offer = make_offer ();
  g_autofree char *text = ph_block_print (offer);
  char *spoilt[] = {
    g_strdup_printf ("Hi! Here it is:\n\n%s\nSee you, BEGIN whenever you like. THE END\n", text),
    replace_all (text, "\n", "\r\n"),
    replace_all (text, "\n", "\r"),
    replace_all (text, "\n", " "),
    replace_all (text, "\n", ""),
    replace_all (text, "\n", "\n\n\n"),
    replace_all (text, "-----", "—"),
    replace_all (text, "-----", ""),
    replace_all (text, " PORTHOLE ", "\302\240PORTHOLE\302\240"),
    put_before_lines (text, "> "),
    put_before_lines (text, ">>| "),
    put_before_lines (text, "\t   "),
    wrap_at (text, 31, "\n"),
    wrap_at (text, 40, "\r\n> "),
    wrap_at (text, 33, "\342\200\213"), /* a zero-width space */
    wrap_at (text, 76, "=\n"),          /* quoted-printable */
    g_strconcat ("```\n", text, "```", NULL),
  };

  for (gsize i = 0; i < G_N_ELEMENTS (spoilt); i++)
    {
      g_autoptr (PhBlock) read = NULL;

      g_test_message ("%" G_GSIZE_FORMAT, i);
      read = parse_good (spoilt[i], PH_BLOCK_OFFER);
      assert_same (read, offer);
      g_free (spoilt[i]);
    }
}

static void
test_several (void)
{
  g_autoptr (PhBlock) first = make_offer ();
  g_autoptr (PhBlock) second = make_offer ();
  g_autoptr (PhBlock) answer = make_answer (second);
  g_autofree char *a = ph_block_print (first);
  g_autofree char *b = ph_block_print (second);
  g_autofree char *c = ph_block_print (answer);
  g_autofree char *chat = g_strconcat (a, "and newer:\n", b, "got it:\n", c, NULL);
  g_autoptr (PhBlock) read_offer = parse_good (chat, PH_BLOCK_OFFER);
  g_autoptr (PhBlock) read_answer = parse_good (chat, PH_BLOCK_ANSWER);

  assert_same (read_offer, second);
  assert_same (read_answer, answer);
}

/* Trouble on the way */

static void
test_cut (void)
{
  g_autoptr (PhBlock) offer = make_offer ();
  g_autofree char *text = ph_block_print (offer);
  gsize n_begin = strlen ("-----BEGIN PORTHOLE OFFER");
  gsize n_whole = strlen (text) - strlen ("-----\n");
  gsize n_body = (gsize)(strstr (text, "\n-----END") - text);

  for (gsize n = 0; n < n_whole; n++)
    {
      g_autofree char *cut = g_strndup (text, n);
      g_autofree char *beheaded = g_strdup (text + n + 1);

      g_assert_true (ph_block_ends (cut) == (n >= n_body && n <= n_body + strlen ("\n-----")));
      if (ph_block_ends (cut))
        ph_block_free (parse_good (cut, PH_BLOCK_OFFER));
      else
        assert_refused (cut, PH_BLOCK_OFFER, n < n_begin ? "no Porthole block" : "cut");
      if (n >= strlen ("-----"))
        assert_refused (beheaded, PH_BLOCK_OFFER, "no Porthole block");
    }
}

/* One character that is another, is missing, or is there twice. */
static void
test_changed (void)
{
  static const char others[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/ -_=.>\n";
  g_autoptr (PhBlock) offer = make_offer ();
  g_autofree char *text = ph_block_print (offer);
  gsize end = (gsize)(strstr (text, "-----END") - text);

  for (gsize i = strlen ("-----BEGIN PORTHOLE OFFER-----\n"); i < end; i++)
    {
      char right = text[i];
      g_autofree char *without = g_strdup_printf ("%.*s%s", (int)i, text, text + i + 1);
      g_autofree char *twice = g_strdup_printf ("%.*s%s", (int)i + 1, text, text + i);

      if (right == '\n')
        continue;
      assert_refused (without, PH_BLOCK_OFFER, "changed on the way");
      assert_refused (twice, PH_BLOCK_OFFER, "changed on the way");
      for (const char *other = others; *other != '\0'; other++)
        {
          text[i] = *other;
          if (*other != right)
            assert_refused (text, PH_BLOCK_OFFER, "changed on the way");
        }
      text[i] = right;
    }
}

static void
test_lines (void)
{
  g_autoptr (PhBlock) offer = make_offer ();
  g_autofree char *text = ph_block_print (offer);
  g_auto (GStrv) parts = g_strsplit (text, "\n", -1);
  g_autofree char *swapped =
      g_strjoin ("\n", parts[0], parts[2], parts[1], parts[3], parts[4], parts[5], parts[6], NULL);
  g_autofree char *dropped =
      g_strjoin ("\n", parts[0], parts[1], parts[3], parts[4], parts[5], parts[6], NULL);

  assert_refused (swapped, PH_BLOCK_OFFER, "changed on the way");
  assert_refused (dropped, PH_BLOCK_OFFER, "changed on the way");
}

static void
test_words (void)
{
  g_autoptr (PhBlock) offer = make_offer ();
  g_autoptr (PhBlock) answer = make_answer (offer);
  g_autofree char *offer_text = ph_block_print (offer);
  g_autofree char *answer_text = ph_block_print (answer);
  g_autofree char *two = g_strconcat ("-----BEGIN PORTHOLE ANSWER-----\nabc\n", offer_text, NULL);
  g_autofree char *huge = g_strnfill (PH_BLOCK_MAX_TEXT + 1, 'A');
  g_autofree char *empty = g_strdup ("BEGIN PORTHOLE OFFER END PORTHOLE OFFER");

  assert_refused ("", PH_BLOCK_OFFER, "BEGIN PORTHOLE OFFER");
  assert_refused ("", PH_BLOCK_ANSWER, "BEGIN PORTHOLE ANSWER");
  assert_refused ("hello", PH_BLOCK_ANSWER, "no Porthole block");
  assert_refused (offer_text, PH_BLOCK_ANSWER, "That is an offer");
  assert_refused (answer_text, PH_BLOCK_OFFER, "That is an answer");
  assert_refused (two, PH_BLOCK_ANSWER, "cut");
  assert_refused (huge, PH_BLOCK_ANSWER, "16384 bytes");
  assert_refused (empty, PH_BLOCK_OFFER, "changed on the way");
}

/* Trouble that somebody made: sizes and CRC are right, and nothing else */

static char *
seal (const guint8 *fields, gsize size)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *base64 = NULL;
  guint8 crc[4];

  g_byte_array_append (bytes, fields, (guint)size);
  if (size >= 4)
    ph_write_u16 (bytes->data + 2, (guint16)(size + sizeof crc));
  ph_write_u32 (crc, ph_crc32c (bytes->data, bytes->len));
  g_byte_array_append (bytes, crc, sizeof crc);
  base64 = g_base64_encode (bytes->data, bytes->len);
  return g_strdup_printf ("BEGIN PORTHOLE OFFER\n%s\nEND PORTHOLE OFFER", base64);
}

/* An offer's fields, to be spoilt, without the CRC. */
static GByteArray *
make_fields (void)
{
  g_autoptr (PhBlock) offer = make_offer ();

  GByteArray *fields = g_byte_array_new ();

  g_byte_array_append (fields, g_bytes_get_data (offer->covered, NULL),
                       (guint)g_bytes_get_size (offer->covered));
  return fields;
}

static void
test_hostile_sizes (void)
{
  g_autoptr (GByteArray) fields = make_fields ();
  g_autofree char *whole = seal (fields->data, fields->len);
  g_autoptr (PhBlock) good = parse_good (whole, PH_BLOCK_OFFER);

  for (gsize n = 0; n < fields->len; n++)
    {
      g_autofree char *text = seal (fields->data, n);

      assert_refused (text, PH_BLOCK_OFFER, n < 4 ? "changed on the way" : "makes no sense");
    }
  g_byte_array_append (fields, (const guint8 *)"more", 4);
  g_free (whole);
  whole = seal (fields->data, fields->len);
  assert_refused (whole, PH_BLOCK_OFFER, "makes no sense");
}

static void
test_hostile_values (void)
{
  const guint ufrag = 4 + PH_BLOCK_NUMBER_SIZE + 4 + PH_SECRET_SIZE + 1 + 5; /* behind the name */
  const guint pwd = ufrag + 1 + 4;
  const guint setup = pwd + 1 + 22 + PH_SDP_FINGERPRINT_SIZE;
  const guint count = setup + 1 + 2 + 4 + 1;
  const struct
  {
    guint at;
    guint8 value;
    const char *words;
  } rows[] = {
    { 0, 2, "newer version" },
    { 0, 255, "newer version" },
    { 0, 0, "makes no sense" },
    { 1, 1, "makes no sense" }, /* the fields of an offer are no answer */
    { 1, 2, "makes no sense" },
    { 1, 255, "makes no sense" },
    { ufrag - 6, 255, "makes no sense" }, /* the name's size */
    { ufrag - 6, 4, "makes no sense" },
    { ufrag - 3, '\0', "makes no sense" },
    { ufrag, 3, "makes no sense" },
    { ufrag + 1, '\n', "makes no sense" },
    { ufrag + 1, ' ', "makes no sense" },
    { ufrag + 4, '\r', "makes no sense" },
    { pwd, 21, "makes no sense" },
    { pwd, 255, "makes no sense" },
    { pwd + 3, '\n', "makes no sense" },
    { setup, 3, "makes no sense" },
    { count, 5, "makes no sense" },
    { count, 7, "makes no sense" },
    { count, 26, "makes no sense" },
    { count, 255, "makes no sense" },
    { count + 1, 0x04, "makes no sense" }, /* the type of a candidate */
    { count + 1, 0x40, "makes no sense" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GByteArray) fields = make_fields ();
      g_autofree char *text = NULL;

      g_test_message ("%u: %u", rows[i].at, rows[i].value);
      g_assert_cmpuint (fields->data[rows[i].at], !=, rows[i].value);
      fields->data[rows[i].at] = rows[i].value;
      text = seal (fields->data, fields->len);
      assert_refused (text, PH_BLOCK_OFFER, rows[i].words);
    }
}

/* Addresses that ICE cannot use are left out, as of a description that came through signaling. */
static void
test_hostile_candidates (void)
{
  g_autoptr (GByteArray) fields = make_fields ();
  g_autofree char *text = NULL;
  g_autoptr (PhBlock) block = NULL;

  /* The last one, relayed and of IPv4: its address becomes a multicast one. */
  fields->data[fields->len - 6] = 224;
  text = seal (fields->data, fields->len);
  block = parse_good (text, PH_BLOCK_OFFER);
  g_assert_cmpuint (block->sdp->candidates->len, ==, G_N_ELEMENTS (lines) - 2);
}

/* As many as are tried, and one more. */
static void
test_hostile_number (void)
{
  const guint n_lines = G_N_ELEMENTS (lines) - 1;
  const guint size = 1 + 4 + 4 + 2; /* of the last one, of IPv4 */

  for (guint n = PH_SDP_MAX_CANDIDATES; n <= PH_SDP_MAX_CANDIDATES + 1; n++)
    {
      g_autoptr (GByteArray) fields = make_fields ();
      guint count = fields->len - 4 * size - 2 * (size + 12) - 1;
      g_autofree guint8 *last = g_memdup2 (fields->data + fields->len - size, size);
      g_autofree char *text = NULL;

      g_assert_cmpuint (fields->data[count], ==, n_lines);
      fields->data[count] = (guint8)n;
      for (guint i = n_lines; i < n; i++)
        g_byte_array_append (fields, last, size);
      text = seal (fields->data, fields->len);
      if (n > PH_SDP_MAX_CANDIDATES)
        assert_refused (text, PH_BLOCK_OFFER, "makes no sense");
      else
        ph_block_free (parse_good (text, PH_BLOCK_OFFER));
    }
}

static void
test_name (void)
{
  g_autoptr (PhHalf) half = make_half (PH_SIGNAL_TYPE_OFFER);
  g_autoptr (PhBlock) offer = ph_block_new_offer ("\033[2Jha\nn\342\200\256na", half);
  g_autofree char *text = ph_block_print (offer);
  g_autoptr (PhBlock) read = parse_good (text, PH_BLOCK_OFFER);

  g_assert_cmpstr (read->name, ==, "[2Jha nna");
}

/* Proof and age */

static void
test_proof (void)
{
  g_autoptr (PhBlock) offer = make_offer ();
  g_autoptr (PhBlock) answer = make_answer (offer);
  gsize size;
  const guint8 *bytes = g_bytes_get_data (answer->covered, &size);
  g_autoptr (PhBlock) other = make_offer ();

  memcpy (other->number, offer->number, sizeof other->number);
  for (gsize i = 0; i < size; i++)
    {
      g_autofree guint8 *changed = g_memdup2 (bytes, size);
      PhBlock spoilt = *answer;
      g_autoptr (GError) error = NULL;

      changed[i] ^= 1;
      spoilt.covered = g_bytes_new_take (g_steal_pointer (&changed), size);
      g_assert_false (ph_block_check_answer (&spoilt, offer, &error));
      g_assert_error (error, PH_ERROR, PH_ERROR_NOT_VERIFIED);
      g_bytes_unref (spoilt.covered);
    }
  g_assert_false (ph_block_check_answer (answer, other, NULL));
  memcpy (other->secret, offer->secret,
          sizeof other->secret); /* the same but for its other bytes */
  g_assert_false (ph_block_check_answer (answer, other, NULL));
  g_assert_true (ph_block_check_answer (answer, offer, NULL));
}

static void
test_age (void)
{
  g_autoptr (PhBlock) offer = make_offer ();
  const struct
  {
    gint64 age_s;
    gboolean is_good;
  } rows[] = {
    { 0, TRUE },
    { 60, TRUE },
    { -86400, TRUE }, /* the Host's clock is ahead: what is new cannot be told from it */
    { PH_BLOCK_LIFETIME_S + PH_BLOCK_SLACK_S, TRUE },
    { PH_BLOCK_LIFETIME_S + PH_BLOCK_SLACK_S + 1, FALSE },
    { 5 * 3600, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (ph_block_check_age (offer, offer->created_s + rows[i].age_s, &error), ==,
                       rows[i].is_good);
      if (!rows[i].is_good)
        g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
    }
  {
    g_autoptr (GError) error = NULL;

    ph_block_check_age (offer, offer->created_s + 5 * 3600, &error);
    g_assert_nonnull (strstr (error->message, "5 hours"));
  }
}

static void
test_markers (void)
{
  g_assert_true (ph_block_begins ("anna: -----BEGIN PORTHOLE OFFER-----"));
  g_assert_true (ph_block_begins ("> BEGIN  PORTHOLE"));
  g_assert_false (ph_block_begins ("BEGINPORTHOLE OFFER"));
  g_assert_false (ph_block_begins ("begin porthole offer"));
  g_assert_false (ph_block_begins ("BEGIN PORT"));
  g_assert_false (ph_block_begins ("BEGIN"));
  g_assert_true (ph_block_ends ("x\n-----END PORTHOLE\n> ANSWER-----"));
  g_assert_false (ph_block_ends ("-----END PORTHOLE-----"));
  g_assert_false (ph_block_ends ("-----BEGIN PORTHOLE ANSWER-----"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/block/round-trip", test_round_trip);
  g_test_add_func ("/block/fresh", test_fresh);
  g_test_add_func ("/block/surroundings", test_surroundings);
  g_test_add_func ("/block/several", test_several);
  g_test_add_func ("/block/cut", test_cut);
  g_test_add_func ("/block/changed", test_changed);
  g_test_add_func ("/block/lines", test_lines);
  g_test_add_func ("/block/words", test_words);
  g_test_add_func ("/block/hostile/sizes", test_hostile_sizes);
  g_test_add_func ("/block/hostile/values", test_hostile_values);
  g_test_add_func ("/block/hostile/candidates", test_hostile_candidates);
  g_test_add_func ("/block/hostile/number", test_hostile_number);
  g_test_add_func ("/block/name", test_name);
  g_test_add_func ("/block/proof", test_proof);
  g_test_add_func ("/block/age", test_age);
  g_test_add_func ("/block/markers", test_markers);
  return g_test_run ();
}
