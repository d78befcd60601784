/**
 * The version of this package. A constant, so that it is the same in a bundle; a test compares it with package.json.
 */
export const VERSION = '0.2.0';
