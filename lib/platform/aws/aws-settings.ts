export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** What a function has of AWS: its region, and credentials that last as long as its environment. */
export interface AwsSettings {
  readonly region: string;
  readonly credentials: AwsCredentials;
}

/** The same without a member that is not there, as libraries want it. */
export function toGivenCredentials({ accessKeyId, secretAccessKey, sessionToken }: AwsCredentials): {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
} {
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}
