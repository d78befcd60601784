/** Texts of `--help` for the commands that make keys and signed URLs. */
export const SIGN = 'sign a URL, so that whoever has it may publish or play for some time (auth.signed.keys)';

export const SIGN_EXAMPLES = `
The secret comes from auth.signed.keys of the configuration file or of SLUICE_AUTH_SIGNED_KEYS, never from a flag.
TARGET is app/name, for which the query is printed, or a whole rtmp URL, which is printed with its query.
The string that was signed goes to standard error; a service of one's own signs the same one.

Examples:
  sluice sign publish live/cam1 --config sluice.yaml
  sluice sign publish rtmp://in.example/live/cam1 --for 8h --config sluice.yaml
  sluice sign play live/cam1 --ip 192.0.2.7 --key k2 --json --config sluice.yaml`;

export const KEY = 'make keys: new prints one with its SHA-256, hash reads a password and prints its scrypt hash';

export const KEY_EXAMPLES = `
The settings hold the hash, the encoder gets the key: auth.rules has key: {sha256: …} or key: {scrypt: …}, and
http.tokens has sha256. key hash reads the password from standard input; on a terminal it asks and shows nothing.

Examples:
  sluice key new
  sluice key new --json | jq -r .sha256
  sluice key hash
  cat password.txt | sluice key hash`;
