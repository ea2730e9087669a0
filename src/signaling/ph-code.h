/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The share code, and what is derived from its secret: the key, the MACs that keep the signaling
 * server from changing anything, and the number two people compare where there is no secret.
 *
 * code      <id>.<secret>
 * link      porthole://HOST[:PORT]/<id>#<secret>        the server is https
 *           porthole+http://HOST[:PORT]/<id>#<secret>   the server is plain http
 * bare id   <id>
 *
 * An id is 21 characters of A-Z a-z 0-9 _ -, the first a letter or digit. A secret is 16 random
 * bytes in base64url, made by the Host; it is never sent to any server. */
#define PH_ID_LENGTH 21
#define PH_ID_SIZE (PH_ID_LENGTH + 1) /* with its NUL */
#define PH_SECRET_SIZE 16
#define PH_KEY_SIZE 32
#define PH_MAC_SIZE 32
#define PH_NONCE_SIZE 16
#define PH_RANDOM_SIZE 16      /* rH and rC */
#define PH_FINGERPRINT_SIZE 32 /* SHA-256 of a certificate */
#define PH_COMMIT_SIZE 32
#define PH_NUMBER_SIZE 13 /* twelve digits and the NUL */
#define PH_TOKEN_SIZE 44  /* 32 random bytes in base64url and the NUL */

typedef struct
{
  char id[PH_ID_SIZE];
  gboolean has_secret;
  guint8 secret[PH_SECRET_SIZE];
  char *server; /* base URL like "https://example.com:8443", no slash at its end; NULL: not said */
} PhCode;

/* @secret and @server may be NULL. @id must be legal. */
PhCode *ph_code_new (const char *id, const guint8 *secret, const char *server);

/* Takes a code, a link (with or without secret) or a bare id, with white space around it.
 * Errors: PH_ERROR_INVALID, in words; they never repeat the secret. */
PhCode *ph_code_parse (const char *text, GError **error);

void ph_code_free (PhCode *code);

/* "<id>.<secret>", or the bare id without a secret. Owned. */
char *ph_code_dup_code (const PhCode *code);

/* The link; NULL where the server is not known. Owned. */
char *ph_code_dup_link (const PhCode *code);

gboolean ph_code_is_id (const char *text);

/* Checks an http:// or https:// URL of a signaling server: a host, a port or none, no path but "/".
 * Returns it as it is used: lower-case, an IPv6 host bracketed, no slash at its end, no default
 * port. Owned. Errors: PH_ERROR_INVALID. */
char *ph_code_check_server (const char *url, GError **error);

/* Fresh random bytes from the system. Ends the process where there are none. */
void ph_code_draw (guint8 *ret_bytes, gsize size);

/* base64url without padding (RFC 4648 section 5). Decoding takes exactly @size bytes in their one
 * canonical spelling; otherwise FALSE, output untouched. */
char *ph_base64url_encode (const guint8 *bytes, gsize size);
gboolean ph_base64url_decode (const char *text, guint8 *ret_bytes, gsize size);

/* Compares in a time that depends on @size only. */
gboolean ph_code_equal (const guint8 *a, const guint8 *b, gsize size);

/* A Host's token, which decides its session's id: drawn until that id begins with a letter or
 * digit. */
void ph_code_draw_token (char ret_token[PH_TOKEN_SIZE]);

/* The id that belongs to @token: the first 21 characters of base64url (SHA-256 (the token's 32
 * bytes)). FALSE, output untouched, for what is no token or leads to no legal id. */
gboolean ph_code_id_from_token (const char *token, char ret_id[PH_ID_SIZE]);

/* HKDF-SHA256 (RFC 5869) of the secret. */
void ph_code_derive_key (const guint8 secret[PH_SECRET_SIZE], guint8 ret_key[PH_KEY_SIZE]);

/* One half of the exchange as MACs cover it. All borrowed; both arrays end with NULL. */
typedef struct
{
  const char *sdp;               /* the inner SDP, not the JSON around it */
  const char *const *candidates; /* strings of the "candidate" array as they stand */
  const char *const *extensions; /* in the order listed */
} PhMacHalf;

/* HMAC-SHA256 over length-prefixed fields. */
void ph_code_mac_join (const guint8 key[PH_KEY_SIZE],
                       const char *parent_id,
                       const guint8 nonce[PH_NONCE_SIZE],
                       const char *client_name,
                       guint8 ret_mac[PH_MAC_SIZE]);
void ph_code_mac_offer (const guint8 key[PH_KEY_SIZE],
                        const char *parent_id,
                        const char *child_id,
                        const guint8 nonce[PH_NONCE_SIZE],
                        const char *host_name,
                        const PhMacHalf *offer,
                        guint8 ret_mac[PH_MAC_SIZE]);
void ph_code_mac_answer (const guint8 key[PH_KEY_SIZE],
                         const guint8 offer_mac[PH_MAC_SIZE],
                         const PhMacHalf *answer,
                         guint8 ret_mac[PH_MAC_SIZE]);

/* Pairing without a server: the proof in @answer that whoever made it has read @offer. Both are
 * what travels, as bytes. */
void ph_code_mac_pairing (const guint8 key[PH_KEY_SIZE],
                          GBytes *offer,
                          GBytes *answer,
                          guint8 ret_mac[PH_MAC_SIZE]);

/* What a Client commits itself to before it sees the Host's fingerprint. */
void ph_code_commit (const guint8 client_fingerprint[PH_FINGERPRINT_SIZE],
                     const guint8 client_random[PH_RANDOM_SIZE],
                     guint8 ret_commit[PH_COMMIT_SIZE]);

/* The twelve digits that both people compare. */
void ph_code_number (const guint8 host_fingerprint[PH_FINGERPRINT_SIZE],
                     const guint8 client_fingerprint[PH_FINGERPRINT_SIZE],
                     const guint8 host_random[PH_RANDOM_SIZE],
                     const guint8 client_random[PH_RANDOM_SIZE],
                     char ret_number[PH_NUMBER_SIZE]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhCode, ph_code_free)

G_END_DECLS
