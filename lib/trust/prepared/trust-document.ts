/** One file of a profile's trust, as read: the name is relative to the profile's directory, `/`-separated. */
export interface TrustDocument {
  readonly name: string;
  readonly bytes: Uint8Array;
}
