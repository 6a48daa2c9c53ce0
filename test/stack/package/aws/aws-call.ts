/** The account and the region that everything is in. */
export const ACCOUNT = '111122223333';
export const REGION = 'us-east-1';

/** A request to AWS as IAM judges it. */
export interface AwsCall {
  readonly action: string;
  /** An ARN; `*` for an action that knows no resources. */
  readonly resource: string;
  /** Of a listing. */
  readonly prefix?: string;
  /** Of a put: what has to be there for it, nothing or what is known. */
  readonly condition?: 'create' | 'replace' | undefined;
}

/** A request as it came over the wire. */
export interface AwsRequest {
  readonly host: string;
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

export interface AwsAnswer {
  /** More than one where a request is about several resources. */
  readonly calls: readonly AwsCall[];
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** It was done, and the connection ends before the answer. */
  readonly isLost?: boolean;
}
