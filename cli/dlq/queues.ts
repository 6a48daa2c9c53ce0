import path from 'node:path';
import type { SQSClient } from '@aws-sdk/client-sqs';
import * as v from 'valibot';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { isUrlLike } from '../../lib/platform/http/http-url.ts';
import { createSqsClient } from '../../lib/platform/queues/sqs-client.ts';
import { readInput } from '../shell/read-input.ts';

/** The service on one machine writes the addresses of its queues here while it runs. */
const QUEUES_FILE = 'queues.json';
const MAX_QUEUES_FILE_BYTES = 64 * 1024;
const LocalQueueSchema = v.object({ queueUrl: v.string(), deadLetterUrl: v.string() });
const QueuesFileSchema = v.object({
  schema: v.literal(2),
  accessKeyId: v.string(),
  queues: v.object({
    push: LocalQueueSchema,
    mirror: LocalQueueSchema,
    export: LocalQueueSchema,
    notify: LocalQueueSchema,
  }),
});

/** A queue of dead letters, and the queue that they come from where it is known. */
export interface NamedQueues {
  readonly deadLetterUrl: string;
  readonly sourceUrl: string | undefined;
  /** Of the queues of the service on this machine. */
  readonly accessKeyId?: string | undefined;
}

interface QueueAddress {
  readonly client: SQSClient;
  readonly queueUrl: string;
}

/**
 * A queue of dead letters by its URL, or `push`, `mirror`, `export` or `notify` of the service that runs on a data folder.
 *
 * @throws InputError for another name, a bad URL or a bad file; StoreError when no service runs there
 */
export async function findQueues(named: string, directory: string): Promise<NamedQueues> {
  if (named === 'push' || named === 'mirror' || named === 'export' || named === 'notify') {
    const { queues, accessKeyId } = await readQueuesFile(directory);
    const { deadLetterUrl, queueUrl } = queues[named];
    return { deadLetterUrl, sourceUrl: queueUrl, accessKeyId };
  }
  if (!isUrlLike(named))
    throw new InputError('ArgumentInvalid', 'name a queue by its URL, or push, mirror, export or notify');
  return { deadLetterUrl: named, sourceUrl: undefined, accessKeyId: await findAccessKey(named, directory) };
}

/** The key of the service on the data folder, if this is the URL of one of its queues. */
async function findAccessKey(url: string, directory: string): Promise<string | undefined> {
  const file = await readQueuesFile(directory).catch(() => undefined);
  const urls = Object.values(file?.queues ?? {}).flatMap(({ queueUrl, deadLetterUrl }) => [queueUrl, deadLetterUrl]);
  return urls.includes(url) ? file?.accessKeyId : undefined;
}

/**
 * A client for one queue: where and how it is reached is in its URL.
 *
 * @param accessKeyId for a queue of this machine; nobody's own credentials are sent there
 * @throws InputError that names the argument
 */
export function openQueue(label: string, url: string, accessKeyId = 'local'): QueueAddress {
  const { queueUrl, endpoint, region, isLoopback } = parseQueueUrl(label, url);
  const credentials = isLoopback ? { accessKeyId, secretAccessKey: 'local' } : undefined;
  return { client: createSqsClient({ endpoint, region, credentials }), queueUrl };
}

/** Runs requests to queues. A refused connection to a queue of the service means that the service was killed. */
export async function askQueues<Result>(
  { sourceUrl }: NamedQueues,
  directory: string,
  operation: () => Promise<Result>,
): Promise<Result> {
  try {
    return await operation();
  } catch (cause) {
    if (sourceUrl === undefined || !hasCause(cause, 'ECONNREFUSED')) throw cause;
    throw notRunning(directory, cause);
  }
}

async function readQueuesFile(directory: string): Promise<v.InferOutput<typeof QueuesFileSchema>> {
  const file = path.join(directory, QUEUES_FILE);
  const bytes = await readInput(file, MAX_QUEUES_FILE_BYTES).catch((cause: unknown) => {
    throw hasCause(cause, 'ENOENT') ? notRunning(directory, cause) : cause;
  });
  try {
    return v.parse(QueuesFileSchema, JSON.parse(Buffer.from(bytes).toString()));
  } catch (cause) {
    throw new InputError('FileUnreadable', `${file} is not what this version of the service writes`, { cause });
  }
}

function notRunning(directory: string, cause: unknown): StoreError {
  return new StoreError('ConnectionFailed', `the service is not running on ${directory}`, { cause });
}

function hasCause(error: unknown, code: string): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === code) || hasCause(error.cause, code);
}

/** A queue that the command line names. */
interface QueueUrl {
  readonly queueUrl: string;
  readonly endpoint: string;
  /** Undefined where the host does not name one. */
  readonly region: string | undefined;
  /** On this machine, where callers need no credentials. */
  readonly isLoopback: boolean;
}

/** `/account/name`. A FIFO queue, whose name has a dot, orders its messages, and Signet has none. */
const QUEUE_PATH = /^\/[\w-]+\/[\w-]{1,80}$/;
const REGION = /^[a-z]{2,3}(?:-[a-z]+)+-\d$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/**
 * @param label of the argument, for messages
 * @throws InputError for what is no queue URL, which repeats no password
 */
function parseQueueUrl(label: string, text: string): QueueUrl {
  const url = URL.parse(text);
  const fault = url === null ? 'it is no URL' : findFault(url);
  if (url === null || fault !== undefined) {
    const example = 'https://sqs.REGION.amazonaws.com/ACCOUNT/NAME';
    throw new InputError('ArgumentInvalid', `${label} is not a queue URL such as ${example}: ${fault}`);
  }
  const { hostname, origin, pathname } = url;
  const isLoopback = LOOPBACK.test(hostname);
  const region = isLoopback ? 'us-east-1' : hostname.split('.').find((part) => REGION.test(part));
  return { queueUrl: `${origin}${pathname}`, endpoint: origin, region, isLoopback };
}

function findFault({ username, password, search, hash, pathname, hostname, protocol }: URL): string | undefined {
  if (protocol !== 'https:' && protocol !== 'http:') return 'it starts with neither https:// nor http://';
  if (username !== '' || password !== '') return 'it has a user or password';
  if (search !== '' || hash !== '') return 'it has a query or fragment';
  if (!QUEUE_PATH.test(pathname)) return 'its path is not /ACCOUNT/NAME of a standard queue';
  // Requests carry the session's token.
  if (protocol === 'http:' && !LOOPBACK.test(hostname))
    return 'only a queue of this machine may be contacted over http://';
  return undefined;
}
