import type { IncomingMessage } from 'node:http';
import { startServer } from './start-server.ts';

/** A request to a service of AWS, as it came over the wire. */
export interface AwsRequest {
  /** `X-Amz-Target` of the JSON protocols: service and operation. */
  readonly target: string | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
}

/** What it is answered; `silence`: nothing, until the caller gives up. */
export type AwsAnswer =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string }
  | 'silence';

export interface AwsApi {
  readonly requests: readonly AwsRequest[];
  /** The region that each was signed for. */
  readonly regions: readonly string[];
  /** For any client of the SDK: this endpoint, made-up credentials, one try and a short time-out. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    readonly maxAttempts: number;
    readonly requestHandler: {
      readonly connectionTimeout: number;
      readonly requestTimeout: number;
      readonly throwOnRequestTimeout: true;
    };
  };
  close(): Promise<void>;
}

const TIMEOUT_MS = 250;

/** A server that the SDK speaks its real protocol to. @param answer by the request and its number, from 1 */
export async function startAwsApi(answer: (request: AwsRequest, count: number) => AwsAnswer): Promise<AwsApi> {
  const requests: AwsRequest[] = [];
  const regions: string[] = [];
  const server = await startServer((request, response) => {
    void readText(request).then((body) => {
      const { 'x-amz-target': target, 'content-type': contentType } = request.headers;
      regions.push(/Credential=[^/]*\/\d+\/([\w-]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '');
      requests.push({ target: typeof target === 'string' ? target : undefined, contentType, body });
      const answered = answer(requests.at(-1) ?? { target: undefined, contentType, body }, requests.length);
      if (answered === 'silence') return;
      response.writeHead(answered.status ?? 200, { 'content-type': contentType, ...answered.headers });
      response.end(answered.body);
    });
  });
  return {
    requests,
    regions,
    client: {
      endpoint: server.origin,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test-secret' },
      maxAttempts: 1,
      requestHandler: { connectionTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS, throwOnRequestTimeout: true },
    },
    close: () => server.close(),
  };
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
