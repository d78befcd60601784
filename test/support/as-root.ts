/** What stands before a command that is to run as root: sudo without a password where the test is another user. */
export function rootPrefix(): readonly string[] {
  return process.getuid?.() === 0 ? [] : ['sudo', '-n'];
}
