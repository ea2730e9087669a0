/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-sdp.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/ph-error.h"

#define DEFAULT_MAX_MESSAGE_SIZE 65536 /* RFC 8841 section 6.1: where the attribute is missing */
#define MEDIA_LINE_PROTOCOL "UDP/DTLS/SCTP"
#define MEDIA_LINE_FORMAT "webrtc-datachannel"

void
ph_sdp_free (PhSdp *sdp)
{
  g_free (sdp->ice_ufrag);
  g_free (sdp->ice_pwd);
  g_free (sdp->mid);
  g_array_unref (sdp->candidates);
  g_free (sdp);
}

/* RFC 8839 section 5.4: letters, digits, "+" and "/". */
static gboolean
is_ice_token (const char *text, gsize min, gsize max)
{
  gsize length = strlen (text);

  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return FALSE;
  return length >= min && length <= max;
}

/* RFC 8866 section 9: the token characters that occur in practice. */
static gboolean
is_mid (const char *text)
{
  gsize length = strlen (text);

  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && strchr ("-_.+!", text[i]) == NULL)
      return FALSE;
  return length >= 1 && length <= 64;
}

static gboolean
parse_u32 (const char *text, guint32 *ret_value)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32, &value, NULL))
    return FALSE;
  *ret_value = (guint32)value;
  return TRUE;
}

/* "sha-256 AA:BB:…"; FALSE for other hashes. */
static gboolean
parse_fingerprint (const char *text, guint8 ret_fingerprint[PH_SDP_FINGERPRINT_SIZE])
{
  guint8 bytes[PH_SDP_FINGERPRINT_SIZE];
  const char *hex = text + strlen ("sha-256 ");

  if (g_ascii_strncasecmp (text, "sha-256 ", strlen ("sha-256 ")) != 0 ||
      strlen (hex) != PH_SDP_FINGERPRINT_SIZE * 3 - 1)
    return FALSE;
  for (gsize i = 0; i < PH_SDP_FINGERPRINT_SIZE; i++)
    {
      int high = g_ascii_xdigit_value (hex[i * 3]);
      int low = g_ascii_xdigit_value (hex[i * 3 + 1]);

      if (high < 0 || low < 0 || (i + 1 < PH_SDP_FINGERPRINT_SIZE && hex[i * 3 + 2] != ':'))
        return FALSE;
      bytes[i] = (guint8)(high << 4 | low);
    }
  memcpy (ret_fingerprint, bytes, sizeof bytes);
  return TRUE;
}

static gboolean
parse_setup (const char *text, PhSdpSetup *ret_setup)
{
  if (g_str_equal (text, "actpass"))
    *ret_setup = PH_SDP_SETUP_ACTPASS;
  else if (g_str_equal (text, "active"))
    *ret_setup = PH_SDP_SETUP_ACTIVE;
  else if (g_str_equal (text, "passive"))
    *ret_setup = PH_SDP_SETUP_PASSIVE;
  else
    return FALSE;
  return TRUE;
}

typedef struct
{
  PhSdp *sdp;
  guint n_media;
  gboolean has_fingerprint;
  gboolean has_setup;
} SdpParser;

static gboolean
set_string (char **field, const char *value, gboolean is_valid)
{
  if (!is_valid)
    return FALSE;
  g_free (*field);
  *field = g_strdup (value);
  return TRUE;
}

static gboolean
take_candidate (PhSdp *sdp, const char *line)
{
  PhCandidate candidate;

  /* One that cannot be used is no error: TCP and mDNS candidates are common. */
  if (sdp->candidates->len < 2 * PH_SDP_MAX_CANDIDATES && ph_sdp_parse_candidate (line, &candidate))
    g_array_append_val (sdp->candidates, candidate);
  return TRUE;
}

static gboolean
take_fingerprint (SdpParser *parser, const char *value)
{
  if (g_ascii_strncasecmp (value, "sha-256 ", strlen ("sha-256 ")) != 0)
    return TRUE;
  parser->has_fingerprint = parse_fingerprint (value, parser->sdp->fingerprint);
  return parser->has_fingerprint;
}

/* FALSE if @line is one of the attributes that matter and its value is wrong. */
static gboolean
take_attribute (SdpParser *parser, const char *line)
{
  PhSdp *sdp = parser->sdp;
  const char *colon = strchr (line, ':');
  const char *value = colon != NULL ? colon + 1 : "";
  gsize length = colon != NULL ? (gsize)(colon - line) : strlen (line);
  g_autofree char *name = g_strndup (line, length);

  if (g_str_equal (name, "ice-ufrag"))
    return set_string (&sdp->ice_ufrag, value, is_ice_token (value, 4, 256));
  if (g_str_equal (name, "ice-pwd"))
    return set_string (&sdp->ice_pwd, value, is_ice_token (value, 22, 256));
  if (g_str_equal (name, "mid"))
    return set_string (&sdp->mid, value, is_mid (value));
  if (g_str_equal (name, "fingerprint"))
    return take_fingerprint (parser, value);
  if (g_str_equal (name, "setup"))
    return parser->has_setup = parse_setup (value, &sdp->setup);
  if (g_str_equal (name, "sctp-port"))
    return ph_port_parse (value, &sdp->sctp_port) && sdp->sctp_port != 0;
  if (g_str_equal (name, "max-message-size"))
    return parse_u32 (value, &sdp->max_message_size);
  if (g_str_equal (name, "candidate"))
    return take_candidate (sdp, line);
  return TRUE;
}

/* "m=application PORT UDP/DTLS/SCTP webrtc-datachannel"; port 0 would mean "refused". */
static gboolean
take_media (SdpParser *parser, const char *value)
{
  g_auto (GStrv) parts = g_strsplit (value, " ", 5);
  guint16 port;

  parser->n_media++;
  return parser->n_media == 1 && g_strv_length (parts) == 4 &&
         g_str_equal (parts[0], "application") && ph_port_parse (parts[1], &port) && port != 0 &&
         g_str_equal (parts[2], MEDIA_LINE_PROTOCOL) && g_str_equal (parts[3], MEDIA_LINE_FORMAT);
}

static gboolean
take_line (SdpParser *parser, const char *line)
{
  if (g_str_has_prefix (line, "m="))
    return take_media (parser, line + 2);
  if (g_str_has_prefix (line, "a="))
    return take_attribute (parser, line + 2);
  return TRUE;
}

static const char *
find_missing (const SdpParser *parser)
{
  if (parser->n_media == 0)
    return "m=application";
  if (parser->sdp->ice_ufrag == NULL)
    return "a=ice-ufrag";
  if (parser->sdp->ice_pwd == NULL)
    return "a=ice-pwd";
  if (!parser->has_fingerprint)
    return "a=fingerprint:sha-256";
  if (!parser->has_setup)
    return "a=setup";
  if (parser->sdp->mid == NULL)
    return "a=mid";
  return NULL;
}

static PhSdp *
sdp_new_empty (void)
{
  PhSdp *sdp = g_new0 (PhSdp, 1);

  sdp->sctp_port = PH_SDP_SCTP_PORT;
  sdp->max_message_size = DEFAULT_MAX_MESSAGE_SIZE;
  sdp->candidates = g_array_new (FALSE, FALSE, sizeof (PhCandidate));
  return sdp;
}

PhSdp *
ph_sdp_parse (const char *text, GError **error)
{
  g_autoptr (PhSdp) sdp = sdp_new_empty ();
  SdpParser parser = { .sdp = sdp };
  g_auto (GStrv) lines = NULL;
  const char *missing;

  if (strlen (text) > PH_SDP_MAX_BYTES)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_PROTOCOL,
                   _ ("The other side’s SDP is longer than the %d bytes it may be"),
                   PH_SDP_MAX_BYTES);
      return NULL;
    }
  if (!g_str_has_prefix (text, "v=0"))
    {
      g_set_error (error, PH_ERROR, PH_ERROR_PROTOCOL,
                   _ ("The other side’s description is not SDP: it does not begin with “v=0”"));
      return NULL;
    }
  lines = g_strsplit (text, "\n", -1);
  for (gsize i = 0; lines[i] != NULL; i++)
    if (!take_line (&parser, g_strchomp (lines[i])))
      {
        g_set_error (error, PH_ERROR, PH_ERROR_PROTOCOL,
                     _ ("Line %u of the other side’s SDP cannot be used"), (guint)i + 1);
        return NULL;
      }
  missing = find_missing (&parser);
  if (missing != NULL)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_PROTOCOL, _ ("The other side’s SDP has no “%s”"),
                   missing);
      return NULL;
    }
  return g_steal_pointer (&sdp);
}

static const char *
setup_name (PhSdpSetup setup)
{
  switch (setup)
    {
    case PH_SDP_SETUP_ACTPASS:
      return "actpass";
    case PH_SDP_SETUP_ACTIVE:
      return "active";
    case PH_SDP_SETUP_PASSIVE:
      return "passive";
    }
  g_assert_not_reached ();
}

char *
ph_sdp_print (const PhSdp *sdp)
{
  GString *text = g_string_new ("v=0\r\n");
  guint64 session = ((guint64)g_random_int () << 32 | g_random_int ()) >> 2;

  g_string_append_printf (text, "o=- %" G_GUINT64_FORMAT " 2 IN IP4 127.0.0.1\r\n", session);
  g_string_append (text, "s=-\r\nt=0 0\r\n");
  g_string_append_printf (text, "a=group:BUNDLE %s\r\n", sdp->mid);
  g_string_append (text, "m=application 9 " MEDIA_LINE_PROTOCOL " " MEDIA_LINE_FORMAT "\r\n");
  g_string_append (text, "c=IN IP4 0.0.0.0\r\n");
  g_string_append_printf (text, "a=ice-ufrag:%s\r\n", sdp->ice_ufrag);
  g_string_append_printf (text, "a=ice-pwd:%s\r\n", sdp->ice_pwd);
  g_string_append (text, "a=ice-options:trickle\r\na=fingerprint:sha-256 ");
  for (gsize i = 0; i < PH_SDP_FINGERPRINT_SIZE; i++)
    g_string_append_printf (text, "%s%02X", i > 0 ? ":" : "", sdp->fingerprint[i]);
  g_string_append_printf (text, "\r\na=setup:%s\r\n", setup_name (sdp->setup));
  g_string_append_printf (text, "a=mid:%s\r\n", sdp->mid);
  g_string_append_printf (text, "a=sctp-port:%u\r\n", sdp->sctp_port);
  g_string_append_printf (text, "a=max-message-size:%u\r\n", sdp->max_message_size);
  return g_string_free (text, FALSE);
}

/* Candidates */

static const char *const type_names[] = {
  [PH_CANDIDATE_HOST] = "host",
  [PH_CANDIDATE_SERVER_REFLEXIVE] = "srflx",
  [PH_CANDIDATE_PEER_REFLEXIVE] = "prflx",
  [PH_CANDIDATE_RELAYED] = "relay",
};

static gboolean
parse_type (const char *text, PhCandidateType *ret_type)
{
  for (gsize i = 0; i < G_N_ELEMENTS (type_names); i++)
    if (g_str_equal (text, type_names[i]))
      {
        *ret_type = (PhCandidateType)i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
parse_candidate_address (const char *address, const char *port, PhEndpoint *ret_endpoint)
{
  PhScope scope;

  if (!ph_address_parse (address, ret_endpoint->addr) || !ph_port_parse (port, &ret_endpoint->port))
    return FALSE;
  scope = ph_address_scope (ret_endpoint->addr);
  return scope != PH_SCOPE_UNSPECIFIED && scope != PH_SCOPE_MULTICAST && ret_endpoint->port != 0;
}

/* The pairs behind the type: only raddr and rport matter, and they only tell a person something. */
static void
parse_candidate_base (char **pairs, PhEndpoint *ret_base)
{
  const char *address = NULL;
  const char *port = NULL;
  PhEndpoint base;

  for (gsize i = 0; pairs[i] != NULL && pairs[i + 1] != NULL; i += 2)
    {
      if (g_str_equal (pairs[i], "raddr"))
        address = pairs[i + 1];
      else if (g_str_equal (pairs[i], "rport"))
        port = pairs[i + 1];
    }
  if (address != NULL && port != NULL && parse_candidate_address (address, port, &base))
    *ret_base = base;
}

/* candidate:FOUNDATION COMPONENT TRANSPORT PRIORITY ADDRESS PORT typ TYPE [NAME VALUE]… */
gboolean
ph_sdp_parse_candidate (const char *text, PhCandidate *ret_candidate)
{
  PhCandidate candidate = { 0 };
  g_auto (GStrv) parts = NULL;

  if (g_str_has_prefix (text, "a="))
    text += 2;
  if (!g_str_has_prefix (text, "candidate:") || strlen (text) > 512)
    return FALSE;
  parts = g_strsplit (text + strlen ("candidate:"), " ", 40);
  if (g_strv_length (parts) < 8 || !is_ice_token (parts[0], 1, 32) ||
      !g_str_equal (parts[1], "1") || g_ascii_strcasecmp (parts[2], "udp") != 0 ||
      !parse_u32 (parts[3], &candidate.priority) || candidate.priority == 0 ||
      candidate.priority > G_MAXINT32 ||
      !parse_candidate_address (parts[4], parts[5], &candidate.address) ||
      !g_str_equal (parts[6], "typ") || !parse_type (parts[7], &candidate.type))
    return FALSE;
  g_strlcpy (candidate.foundation, parts[0], sizeof candidate.foundation);
  parse_candidate_base (parts + 8, &candidate.base);
  *ret_candidate = candidate;
  return TRUE;
}

char *
ph_sdp_print_candidate (const PhCandidate *candidate)
{
  char address[PH_ENDPOINT_TEXT_SIZE];
  char base[PH_ENDPOINT_TEXT_SIZE];
  g_autofree char *text = NULL;

  text = g_strdup_printf ("candidate:%s 1 UDP %u %s %u typ %s", candidate->foundation,
                          candidate->priority, ph_address_format (candidate->address.addr, address),
                          candidate->address.port, type_names[candidate->type]);
  if (candidate->base.port == 0)
    return g_steal_pointer (&text);
  return g_strdup_printf ("%s raddr %s rport %u", text,
                          ph_address_format (candidate->base.addr, base), candidate->base.port);
}

static int
compare_priority (gconstpointer a, gconstpointer b)
{
  guint32 left = ((const PhCandidate *)a)->priority;
  guint32 right = ((const PhCandidate *)b)->priority;

  return (left < right) - (left > right);
}

static gboolean
is_among_first (const GArray *candidates, guint n, const PhEndpoint *address)
{
  for (guint i = 0; i < n; i++)
    if (ph_endpoint_equal (&g_array_index (candidates, PhCandidate, i).address, address))
      return TRUE;
  return FALSE;
}

void
ph_candidates_keep_best (GArray *candidates)
{
  guint n_kept = 0;

  g_array_sort (candidates, compare_priority);
  for (guint i = 0; i < candidates->len && n_kept < PH_SDP_MAX_CANDIDATES; i++)
    {
      const PhCandidate *candidate = &g_array_index (candidates, PhCandidate, i);

      if (!is_among_first (candidates, n_kept, &candidate->address))
        g_array_index (candidates, PhCandidate, n_kept++) = *candidate;
    }
  g_array_set_size (candidates, n_kept);
}
