/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-code.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "core/ph-endpoint.h"
#include "core/ph-error.h"
#include "core/ph-frame.h"
#include "core/ph-text.h"

#define SECRET_LENGTH 22 /* 16 bytes in base64url */
#define TOKEN_BYTES 32
#define LINK_HTTPS "porthole://"
#define LINK_HTTP "porthole+http://"

static gboolean
is_id_character (char c)
{
  return g_ascii_isalnum (c) || c == '_' || c == '-';
}

gboolean
ph_code_is_id (const char *text)
{
  gsize i;

  for (i = 0; i < PH_ID_LENGTH && is_id_character (text[i]); i++)
    ;
  return i == PH_ID_LENGTH && text[i] == '\0' && g_ascii_isalnum (text[0]);
}

PhCode *
ph_code_new (const char *id, const guint8 *secret, const char *server)
{
  PhCode *code = g_new0 (PhCode, 1);

  g_strlcpy (code->id, id, sizeof code->id);
  if (secret != NULL)
    memcpy (code->secret, secret, PH_SECRET_SIZE);
  code->has_secret = secret != NULL;
  code->server = g_strdup (server);
  return code;
}

void
ph_code_free (PhCode *code)
{
  if (code == NULL)
    return;
  gnutls_memset (code->secret, 0, sizeof code->secret);
  g_free (code->server);
  g_free (code);
}

/* ---- Reading what a person pasted ---- */

/* Bytes of the scheme and host in @text that are no id and no secret, with the slash behind them.
 */
static gsize
server_length (const char *text)
{
  const char *authority = strstr (text, "://");
  gsize length;

  if (authority == NULL || authority - text > (gssize)strlen (LINK_HTTP))
    return 0;
  authority += strlen ("://");
  length = strcspn (authority, "/?#");
  if (authority[length] != '/' || strcspn (authority, ".") >= PH_ID_LENGTH)
    return (gsize)(authority - text);
  return (gsize)(authority + length + 1 - text);
}

/* Quotes what was read up to the end of the id, wherever that is: what comes after it may be the
 * secret, and errors end up in logs. */
static void
set_parse_error (GError **error, const char *text, const char *what)
{
  g_autofree char *read = ph_text_hide_login (text);
  gsize server = server_length (read);
  gsize id = strcspn (read + server, ".#");
  gsize length = server + MIN (id, PH_ID_LENGTH);
  g_autofree char *shown = ph_text_clean (read, (gssize)length, PH_TEXT_MAX_REASON);

  g_set_error (error, PH_ERROR, PH_ERROR_INVALID, _ ("“%s%s” is not a share code or a link: %s"),
               shown, read[length] != '\0' ? "…" : "", what);
}

static gboolean
check_id (const char *text, const char *id, GError **error)
{
  if (ph_code_is_id (id))
    return TRUE;
  if (strlen (id) != PH_ID_LENGTH)
    {
      g_autofree char *what =
          g_strdup_printf (_ ("the session ID has %u characters and should have %d"),
                           (guint)strlen (id), PH_ID_LENGTH);

      set_parse_error (error, text, what);
      return FALSE;
    }
  set_parse_error (error, text,
                   _ ("a session ID is made of A-Z a-z 0-9 _ - and begins with a letter or digit"));
  return FALSE;
}

/* Takes @id and, where it is not NULL, @secret; steals nothing. */
static PhCode *
build (const char *text, const char *id, const char *secret, const char *server, GError **error)
{
  guint8 bytes[PH_SECRET_SIZE];
  PhCode *code;

  if (!check_id (text, id, error))
    return NULL;
  if (secret != NULL && !ph_base64url_decode (secret, bytes, sizeof bytes))
    {
      set_parse_error (
          error, text,
          _ ("what follows the session ID is no whole secret, or was changed on its way; "
             "copy it again, whole"));
      return NULL;
    }
  code = ph_code_new (id, secret != NULL ? bytes : NULL, server);
  gnutls_memset (bytes, 0, sizeof bytes);
  return code;
}

/* Cuts @text at the first @separator; returns what is behind it, or NULL without one. */
static char *
cut (char *text, const char *separator)
{
  char *at = strstr (text, separator);

  if (at == NULL)
    return NULL;
  *at = '\0';
  return at + strlen (separator);
}

static PhCode *
parse_link (const char *text, const char *scheme, const char *rest, GError **error)
{
  g_autofree char *copy = g_strdup (rest);
  g_autofree char *url = NULL;
  g_autofree char *server = NULL;
  char *hash = cut (copy, "#");
  char *secret = hash != NULL ? hash : cut (copy, "%23"); /* some programs make that of it */
  char *id = cut (copy, "/");

  if (id == NULL)
    {
      set_parse_error (error, text, _ ("a link reads porthole://HOST[:PORT]/ID#SECRET"));
      return NULL;
    }
  url = g_strconcat (scheme, copy, NULL);
  server = ph_code_check_server (url, error);
  return server != NULL ? build (text, id, secret, server, error) : NULL;
}

static PhCode *
parse_code (const char *text, GError **error)
{
  g_autofree char *id = g_strdup (text);
  char *secret = cut (id, ".");

  return build (text, id, secret, NULL, error);
}

PhCode *
ph_code_parse (const char *text, GError **error)
{
  g_autofree char *trimmed = g_strstrip (g_strdup (text));

  if (*trimmed == '\0')
    {
      g_set_error_literal (
          error, PH_ERROR, PH_ERROR_INVALID,
          _ ("“” is not a share code; paste the code or link that the Host shows"));
      return NULL;
    }
  if (g_ascii_strncasecmp (trimmed, LINK_HTTPS, strlen (LINK_HTTPS)) == 0)
    return parse_link (trimmed, "https://", trimmed + strlen (LINK_HTTPS), error);
  if (g_ascii_strncasecmp (trimmed, LINK_HTTP, strlen (LINK_HTTP)) == 0)
    return parse_link (trimmed, "http://", trimmed + strlen (LINK_HTTP), error);
  if (strchr (trimmed, ':') != NULL)
    {
      set_parse_error (error, trimmed, _ ("a link begins with porthole:// or porthole+http://"));
      return NULL;
    }
  return parse_code (trimmed, error);
}

char *
ph_code_dup_code (const PhCode *code)
{
  g_autofree char *secret = NULL;

  if (!code->has_secret)
    return g_strdup (code->id);
  secret = ph_base64url_encode (code->secret, PH_SECRET_SIZE);
  return g_strconcat (code->id, ".", secret, NULL);
}

char *
ph_code_dup_link (const PhCode *code)
{
  g_autofree char *secret = NULL;
  const char *host;
  gboolean tls;

  if (code->server == NULL)
    return NULL;
  tls = g_str_has_prefix (code->server, "https://");
  host = strstr (code->server, "://") + strlen ("://");
  if (code->has_secret)
    secret = ph_base64url_encode (code->secret, PH_SECRET_SIZE);
  return g_strconcat (tls ? LINK_HTTPS : LINK_HTTP, host, "/", code->id,
                      secret != NULL ? "#" : NULL, secret, NULL);
}

/* ---- The server's address ---- */

static gboolean
is_host_name (const char *host)
{
  for (const char *p = host; *p != '\0'; p++)
    {
      if (!g_ascii_isalnum (*p) && strchr ("-._", *p) == NULL)
        return FALSE;
    }
  return *host != '\0' && *host != '.' && *host != '-';
}

/* The host as it stands in a URL; NULL if it is none. */
static char *
dup_url_host (GUri *uri)
{
  const char *host = g_uri_get_host (uri);
  g_autofree char *ascii = NULL;
  char buffer[PH_ENDPOINT_TEXT_SIZE];
  guint8 address[16];

  if (host == NULL)
    return NULL;
  if (ph_address_parse (host, address))
    return ph_address_is_ipv4 (address)
               ? g_strdup (ph_address_format (address, buffer))
               : g_strdup_printf ("[%s]", ph_address_format (address, buffer));
  ascii = g_hostname_to_ascii (host);
  if (ascii == NULL || !is_host_name (ascii))
    return NULL;
  return g_ascii_strdown (ascii, -1);
}

static const char *
server_url_fault (GUri *uri)
{
  const char *scheme = g_uri_get_scheme (uri);
  const char *path = g_uri_get_path (uri);

  if (strcmp (scheme, "http") != 0 && strcmp (scheme, "https") != 0)
    return _ ("it should begin with http:// or https://");
  if (g_uri_get_userinfo (uri) != NULL)
    return _ ("it should hold no user name or password");
  if (*path != '\0' && strcmp (path, "/") != 0)
    return _ ("it should have no path behind the host");
  if (g_uri_get_query (uri) != NULL || g_uri_get_fragment (uri) != NULL)
    return _ ("it should have nothing behind the host and port");
  if (g_uri_get_port (uri) == 0)
    return _ ("port 0 cannot be reached");
  return NULL;
}

static const char *
uri_fault (const GError *failure)
{
  return g_error_matches (failure, G_URI_ERROR, G_URI_ERROR_BAD_PORT)
             ? _ ("its port should be a number from 1 to 65535")
             : _ ("it is no URL");
}

static char *
format_server_url (GUri *uri, const char *host)
{
  const char *scheme = g_uri_get_scheme (uri);
  int port = g_uri_get_port (uri);
  int usual = strcmp (scheme, "https") == 0 ? 443 : 80;

  if (port == -1 || port == usual)
    return g_strdup_printf ("%s://%s", scheme, host);
  return g_strdup_printf ("%s://%s:%d", scheme, host, port);
}

char *
ph_code_check_server (const char *url, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, &failure);
  g_autofree char *host = uri != NULL ? dup_url_host (uri) : NULL;
  const char *fault = uri != NULL ? server_url_fault (uri) : uri_fault (failure);
  g_autofree char *read = NULL;
  g_autofree char *shown = NULL;

  if (fault == NULL && host != NULL)
    return format_server_url (uri, host);
  read = ph_text_hide_login (url);
  shown = ph_text_clean (read, -1, PH_TEXT_MAX_REASON);
  g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
               _ ("“%s” is not the address of a signaling server: %s; write it like "
                  "https://example.com or http://192.168.1.2:8080"),
               shown, fault != NULL ? fault : _ ("the host in it is missing or malformed"));
  return NULL;
}

/* ---- Bytes ---- */

void
ph_code_draw (guint8 *ret_bytes, gsize size)
{
  /* Going on with bytes that are not random would be worse than not going on. */
  if (gnutls_rnd (GNUTLS_RND_KEY, ret_bytes, size) != 0)
    g_error ("the system has no random numbers");
}

char *
ph_base64url_encode (const guint8 *bytes, gsize size)
{
  char *text = g_base64_encode (bytes, size);

  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  text[strcspn (text, "=")] = '\0';
  return text;
}

gboolean
ph_base64url_decode (const char *text, guint8 *ret_bytes, gsize size)
{
  gsize length = (size * 8 + 5) / 6;
  g_autofree char *padding = g_strnfill ((4 - length % 4) % 4, '=');
  g_autofree char *padded = NULL;
  g_autofree char *again = NULL;
  g_autofree guchar *bytes = NULL;
  gsize decoded = 0;

  if (strlen (text) != length)
    return FALSE;
  padded = g_strconcat (text, padding, NULL);
  g_strdelimit (padded, "-", '+');
  g_strdelimit (padded, "_", '/');
  bytes = g_base64_decode (padded, &decoded);
  if (decoded != size)
    return FALSE;
  /* GLib skips what is not of the alphabet; only the one right spelling comes out the same again.
   */
  again = ph_base64url_encode (bytes, size);
  if (strcmp (again, text) != 0)
    return FALSE;
  memcpy (ret_bytes, bytes, size);
  return TRUE;
}

gboolean
ph_code_equal (const guint8 *a, const guint8 *b, gsize size)
{
  return gnutls_memcmp (a, b, size) == 0;
}

/* ---- Hashes ---- */

/* These fail only where memory or the library itself is broken. */
static void
check_crypto (int result)
{
  if (result < 0)
    g_error ("GnuTLS: %s", gnutls_strerror (result));
}

static void
sha256 (guint8 ret[32], const guint8 *const *parts, const gsize *sizes, gsize n_parts)
{
  gnutls_hash_hd_t hash;

  check_crypto (gnutls_hash_init (&hash, GNUTLS_DIG_SHA256));
  for (gsize i = 0; i < n_parts; i++)
    check_crypto (gnutls_hash (hash, parts[i], sizes[i]));
  gnutls_hash_deinit (hash, ret);
}

void
ph_code_draw_token (char ret_token[PH_TOKEN_SIZE])
{
  char id[PH_ID_SIZE];

  do
    {
      guint8 bytes[TOKEN_BYTES];
      g_autofree char *text = NULL;

      ph_code_draw (bytes, sizeof bytes);
      text = ph_base64url_encode (bytes, sizeof bytes);
      g_strlcpy (ret_token, text, PH_TOKEN_SIZE);
    }
  while (!ph_code_id_from_token (ret_token, id));
}

gboolean
ph_code_id_from_token (const char *token, char ret_id[PH_ID_SIZE])
{
  guint8 bytes[TOKEN_BYTES];
  guint8 digest[32];
  g_autofree char *text = NULL;

  if (!ph_base64url_decode (token, bytes, sizeof bytes))
    return FALSE;
  sha256 (digest, (const guint8 *[]){ bytes }, (gsize[]){ sizeof bytes }, 1);
  text = ph_base64url_encode (digest, sizeof digest);
  if (!g_ascii_isalnum (text[0]))
    return FALSE;
  g_strlcpy (ret_id, text, PH_ID_SIZE);
  return TRUE;
}

void
ph_code_derive_key (const guint8 secret[PH_SECRET_SIZE], guint8 ret_key[PH_KEY_SIZE])
{
  static const char info[] = "porthole signaling v1";
  guint8 extracted[32];
  gnutls_datum_t input = { (guint8 *)secret, PH_SECRET_SIZE };
  gnutls_datum_t salt = { NULL, 0 };
  gnutls_datum_t key = { extracted, sizeof extracted };
  gnutls_datum_t label = { (guint8 *)info, sizeof info - 1 };

  check_crypto (gnutls_hkdf_extract (GNUTLS_MAC_SHA256, &input, &salt, extracted));
  check_crypto (gnutls_hkdf_expand (GNUTLS_MAC_SHA256, &key, &label, ret_key, PH_KEY_SIZE));
  gnutls_memset (extracted, 0, sizeof extracted);
}

/* ---- MACs: each field behind its length, so that no two lists of fields read the same ---- */

static gnutls_hmac_hd_t
mac_begin (const guint8 key[PH_KEY_SIZE])
{
  gnutls_hmac_hd_t mac;

  check_crypto (gnutls_hmac_init (&mac, GNUTLS_MAC_SHA256, key, PH_KEY_SIZE));
  return mac;
}

static void
mac_bytes (gnutls_hmac_hd_t mac, const void *bytes, gsize size)
{
  guint8 length[4];

  ph_write_u32 (length, (guint32)size);
  check_crypto (gnutls_hmac (mac, length, sizeof length));
  check_crypto (gnutls_hmac (mac, bytes, size));
}

static void
mac_text (gnutls_hmac_hd_t mac, const char *text)
{
  mac_bytes (mac, text, strlen (text));
}

static void
mac_half (gnutls_hmac_hd_t mac, const PhMacHalf *half)
{
  g_autofree char *extensions = g_strjoinv (",", (char **)half->extensions);
  guint count = g_strv_length ((char **)half->candidates);
  guint8 number[4];

  mac_text (mac, half->sdp);
  ph_write_u32 (number, count);
  mac_bytes (mac, number, sizeof number);
  for (guint i = 0; i < count; i++)
    mac_text (mac, half->candidates[i]);
  mac_text (mac, extensions);
}

void
ph_code_mac_join (const guint8 key[PH_KEY_SIZE],
                  const char *parent_id,
                  const guint8 nonce[PH_NONCE_SIZE],
                  const char *client_name,
                  guint8 ret_mac[PH_MAC_SIZE])
{
  gnutls_hmac_hd_t mac = mac_begin (key);

  mac_text (mac, "join");
  mac_text (mac, parent_id);
  mac_bytes (mac, nonce, PH_NONCE_SIZE);
  mac_text (mac, client_name);
  gnutls_hmac_deinit (mac, ret_mac);
}

void
ph_code_mac_offer (const guint8 key[PH_KEY_SIZE],
                   const char *parent_id,
                   const char *child_id,
                   const guint8 nonce[PH_NONCE_SIZE],
                   const char *host_name,
                   const PhMacHalf *offer,
                   guint8 ret_mac[PH_MAC_SIZE])
{
  gnutls_hmac_hd_t mac = mac_begin (key);

  mac_text (mac, "offer");
  mac_text (mac, parent_id);
  mac_text (mac, child_id);
  mac_bytes (mac, nonce, PH_NONCE_SIZE);
  mac_text (mac, host_name);
  mac_half (mac, offer);
  gnutls_hmac_deinit (mac, ret_mac);
}

void
ph_code_mac_answer (const guint8 key[PH_KEY_SIZE],
                    const guint8 offer_mac[PH_MAC_SIZE],
                    const PhMacHalf *answer,
                    guint8 ret_mac[PH_MAC_SIZE])
{
  gnutls_hmac_hd_t mac = mac_begin (key);

  mac_text (mac, "answer");
  mac_bytes (mac, offer_mac, PH_MAC_SIZE);
  mac_half (mac, answer);
  gnutls_hmac_deinit (mac, ret_mac);
}

void
ph_code_mac_pairing (const guint8 key[PH_KEY_SIZE],
                     GBytes *offer,
                     GBytes *answer,
                     guint8 ret_mac[PH_MAC_SIZE])
{
  gnutls_hmac_hd_t mac = mac_begin (key);

  mac_text (mac, "pairing");
  mac_bytes (mac, g_bytes_get_data (offer, NULL), g_bytes_get_size (offer));
  mac_bytes (mac, g_bytes_get_data (answer, NULL), g_bytes_get_size (answer));
  gnutls_hmac_deinit (mac, ret_mac);
}

/* ---- The number two people compare ---- */

void
ph_code_commit (const guint8 client_fingerprint[PH_FINGERPRINT_SIZE],
                const guint8 client_random[PH_RANDOM_SIZE],
                guint8 ret_commit[PH_COMMIT_SIZE])
{
  sha256 (ret_commit, (const guint8 *[]){ client_fingerprint, client_random },
          (gsize[]){ PH_FINGERPRINT_SIZE, PH_RANDOM_SIZE }, 2);
}

void
ph_code_number (const guint8 host_fingerprint[PH_FINGERPRINT_SIZE],
                const guint8 client_fingerprint[PH_FINGERPRINT_SIZE],
                const guint8 host_random[PH_RANDOM_SIZE],
                const guint8 client_random[PH_RANDOM_SIZE],
                char ret_number[PH_NUMBER_SIZE])
{
  static const char label[] = "porthole number";
  const guint64 modulus = G_GUINT64_CONSTANT (1000000000000);
  guint8 digest[32];
  guint64 number = 0;

  sha256 (digest,
          (const guint8 *[]){ (const guint8 *)label, host_fingerprint, client_fingerprint,
                              host_random, client_random },
          (gsize[]){ sizeof label - 1, PH_FINGERPRINT_SIZE, PH_FINGERPRINT_SIZE, PH_RANDOM_SIZE,
                     PH_RANDOM_SIZE },
          5);
  for (gsize i = 0; i < sizeof digest; i++)
    number = (number * 256 + digest[i]) % modulus;
  g_snprintf (ret_number, PH_NUMBER_SIZE, "%012" G_GUINT64_FORMAT, number);
}
