import { WRITE_MARK } from '../../../../lib/platform/objects/port/conditional-write.ts';
import type { ObjectStore } from '../../../../lib/platform/objects/port/object-store.ts';
import type { AwsAnswer, AwsCall, AwsRequest } from './aws-call.ts';

export interface S3Answers {
  readonly answer: (request: AwsRequest) => Promise<AwsAnswer>;
  /** The next object that is written below this prefix is kept, and its writer not told. */
  readonly loseAnswer: (prefix: string) => void;
}

const HOST = /^(?:([a-z0-9.-]+)\.)?s3\.[a-z0-9-]+\.amazonaws\.com$/;
const MARK = `x-amz-meta-${WRITE_MARK}`;

function toCondition({ headers }: AwsRequest): AwsCall['condition'] {
  if (headers['if-none-match'] !== undefined) return 'create';
  return headers['if-match'] === undefined ? undefined : 'replace';
}

export function isS3({ host }: AwsRequest): boolean {
  return HOST.test(host);
}

/** S3 over these objects, as much of it as is asked for: a bucket by host or path, whole objects, conditional writes. */
export function createS3Answers(objects: ObjectStore): S3Answers {
  const marks = new Map<string, string>();
  const losing = new Set<string>();

  async function read({ method }: AwsRequest, key: string): Promise<Answered> {
    const stored = await objects.readObject(key, Infinity);
    if (stored === undefined) return toFault(404, 'NoSuchKey');
    const mark = marks.get(key);
    const headers = { etag: `"${stored.etag}"`, ...(mark === undefined ? {} : { [MARK]: mark }) };
    return { status: 200, headers, body: method === 'HEAD' ? '' : stored.bytes };
  }

  async function write({ headers, body }: AwsRequest, key: string): Promise<Answered> {
    const { 'if-match': etag, 'if-none-match': none, [MARK]: mark, 'content-encoding': coding } = headers;
    const isNew = none === '*' && etag === undefined;
    if (coding !== undefined || (!isNew && typeof etag !== 'string')) return toFault(501, 'NotImplemented');
    const isWritten = isNew
      ? await objects.createObject(key, body)
      : await objects.replaceObject(key, body, String(etag).replaceAll('"', ''));
    if (!isWritten) return toFault(412, 'PreconditionFailed');
    marks.set(key, String(mark));
    const lost = [...losing].find((prefix) => key.startsWith(prefix));
    return { status: 200, isLost: lost !== undefined && losing.delete(lost) };
  }

  async function list({ url }: AwsRequest): Promise<Answered> {
    const start = url.searchParams.get('start-after');
    const prefix = url.searchParams.get('prefix') ?? '';
    const rows = await Array.fromAsync(objects.listObjects(prefix, start === null ? {} : { after: start }));
    const contents = rows.map(({ key, size }) => `<Contents><Key>${key}</Key><Size>${size}</Size></Contents>`);
    const body = `<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`;
    return { status: 200, headers: XML, body };
  }

  return {
    loseAnswer: (prefix) => losing.add(prefix),
    async answer(request) {
      const { method, url } = request;
      const { bucket, key } = toPlace(request);
      const arn = `arn:aws:s3:::${bucket}`;
      const toCall = (action: string): readonly AwsCall[] => [{ action, resource: `${arn}/${key}` }];
      switch (key === '' ? `${method} bucket` : method) {
        case 'GET bucket': {
          const prefix = url.searchParams.get('prefix');
          const call = { action: 's3:ListBucket', resource: arn, ...(prefix === null ? {} : { prefix }) };
          return { calls: [call], ...(await list(request)) };
        }
        case 'GET':
        case 'HEAD':
          return { calls: toCall('s3:GetObject'), ...(await read(request, key)) };
        case 'PUT':
          return {
            calls: toCall('s3:PutObject').map((call) => ({ ...call, condition: toCondition(request) })),
            ...(await write(request, key)),
          };
        case 'DELETE':
          await objects.deleteObject(key);
          return { calls: toCall('s3:DeleteObject'), status: 204 };
        default:
          return { calls: toCall(`s3:${method} ${url.search}`), ...toFault(501, 'NotImplemented') };
      }
    },
  };
}

type Answered = Omit<AwsAnswer, 'calls'>;

const XML = { 'content-type': 'application/xml' };

function toFault(status: number, code: string): Answered {
  return { status, headers: XML, body: `<Error><Code>${code}</Code></Error>` };
}

function toPlace({ host, url }: AwsRequest): { readonly bucket: string; readonly key: string } {
  const path = decodeURIComponent(url.pathname.slice(1));
  const [, named] = HOST.exec(host) ?? [];
  if (named !== undefined) return { bucket: named, key: path };
  const [bucket = '', ...segments] = path.split('/');
  return { bucket, key: segments.join('/') };
}
