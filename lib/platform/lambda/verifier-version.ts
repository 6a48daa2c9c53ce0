/** What decided, as every verdict names it. A test holds it against package.json. */
export const VERIFIER_VERSION = 'signet/0.2.0';
