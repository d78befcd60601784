const UNTRUSTED = 'the certificate of the server is not trusted: give that of its authority as nats.tls.ca';

/** The meaning of the codes of the client, of Node and of OpenSSL, for an operator. */
const WORDS: Readonly<Record<string, string>> = {
  AUTHORIZATION_VIOLATION: 'the server refuses the user, password, token, NKey or credentials that it was given',
  AUTHENTICATION_EXPIRED: 'the credentials have expired',
  AUTHENTICATION_TIMEOUT: 'the server refuses the connection: no credentials came in time',
  ACCOUNT_EXPIRED: 'the account has expired',
  CONNECTION_REFUSED: 'nobody listens there',
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up',
  TIMEOUT: 'no NATS server has answered in time: check host, port and firewall, and that it is no other kind of server',
  CONNECTION_TIMEOUT:
    'no NATS server has answered in time: check host, port and firewall, and that it is no other kind of server',
  SERVER_OPT_NA:
    'TLS was asked for and the server has none: write nats:// and leave out nats.tls, or turn TLS on there',
  CERT_HAS_EXPIRED: 'the certificate of the server has expired',
  CERT_NOT_YET_VALID: 'the certificate of the server is not valid yet: check the clocks',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  '503': 'the server has no JetStream: start it with -js, or put a jetstream block into its configuration',
};

/**
 * Codes which say that the server knows this client and refuses it. Trying again helps only when an operator changes
 * something.
 */
const REFUSALS = ['AUTHORIZATION_VIOLATION', 'AUTHENTICATION_EXPIRED', 'AUTHENTICATION_TIMEOUT', 'ACCOUNT_EXPIRED'];

/** Why NATS could not be reached or used, in words, with the code behind them; without secrets. */
export function natsWords(code: string, message = ''): string {
  const words = code.endsWith('CERT_ALTNAME_INVALID')
    ? 'the certificate of the server is for another host name'
    : WORDS[code];
  if (words !== undefined) return `${words} (${code})`;
  return message === '' || message === code ? code : `${message} (${code})`;
}

/** Whether the code means that the credentials are refused. */
export function isRefusal(code: string): boolean {
  return REFUSALS.includes(code);
}
