#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

// Constants that are expressions with casts, which Swift cannot read.
static const uint64_t vole_tls_options =
    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET;
static const int vole_retry_flags = BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY;
static const int vole_error_unsupported = ERR_R_UNSUPPORTED;
// RFC 2253, with UTF-8 left as it is.
static const unsigned long vole_name_form = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;

// Inline functions in some versions of OpenSSL and macros in others.
static inline int vole_error_part(unsigned long code) { return ERR_GET_LIB(code); }
static inline int vole_error_reason(unsigned long code) { return ERR_GET_REASON(code); }
static inline int vole_set_server_name(SSL *session, const char *name) {
  return (int)SSL_set_tlsext_host_name(session, name);
}
