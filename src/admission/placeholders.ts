/** Keys and passwords that stand in examples and are forgotten there, without anything but letters and digits. */
const PLACEHOLDERS: ReadonlySet<string> = new Set([
  ...['changeme', 'changemenow', 'changeit', 'replaceme', 'fixme', 'todo', 'example', 'sample', 'dummy', 'default'],
  ...['key', 'mykey', 'yourkey', 'streamkey', 'mystreamkey', 'yourstreamkey', 'secret', 'mysecret', 'yoursecret'],
  ...['yoursecretkey', 'topsecret', 'supersecret', 'token', 'yourtoken', 'password', 'passwort', 'passw0rd', 'pass'],
  ...['test', 'test123', 'testing', 'testkey', 'admin', 'root', 'guest', 'user', 'letmein', 'qwerty', 'abc123', 'foo'],
  ...['bar', 'foobar', '1234', '12345', '123456', '1234567', '12345678', '123456789', '1234567890', 'xxx', 'xxxx'],
  ...['changemechangeme', 'changemechangemechangeme', 'secretsecretsecret', '0123456789abcdef'],
]);

/** Every placeholder in its plain spelling. */
export const PLAIN_PLACEHOLDERS: Iterable<string> = PLACEHOLDERS;

/** Whether a key is one that everybody tries first. Case, blanks and punctuation do not matter. */
export function isPlaceholder(key: string): boolean {
  const plain = key.toLowerCase().replace(/[^a-z0-9]/g, '');
  return PLACEHOLDERS.has(plain) || (plain !== '' && /^x+$/.test(plain));
}
