import { setTimeout as sleep } from 'node:timers/promises';
import aws4 from 'aws4';
import type { Answer, Asked, Emulator } from './start-emulator.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export type Query = (service: string, action: string, parameters: Readonly<Record<string, string>>) => Promise<Answer>;

const VERSIONS: Readonly<Record<string, string>> = { cloudformation: '2010-05-15', iam: '2010-05-08' };
const FORM = 'application/x-www-form-urlencoded';

/** Calls operations of the services that take forms, by a key. */
export function createQuery(emulator: Emulator, credentials: Credentials, region: string): Query {
  const { host } = new URL(emulator.endpoint);
  return async (service, action, parameters) => {
    const body = new URLSearchParams({ Action: action, Version: VERSIONS[service] ?? '', ...parameters }).toString();
    const headers = { host, 'content-type': FORM };
    const signed = aws4.sign({ method: 'POST', service, region, path: '/', headers, body }, credentials);
    const given = Object.entries(signed.headers ?? {}).map(([name, value]) => [name, String(value)] as const);
    return await emulator.askUnsigned({ method: 'POST', path: '/', headers: Object.fromEntries(given), body });
  };
}

/** Asks any service, by a key. */
export function createCaller(
  emulator: Emulator,
  credentials: Credentials,
  region: string,
): (asked: Asked) => Promise<Answer> {
  const { host } = new URL(emulator.endpoint);
  return async ({ method = 'GET', service = '', path, body, headers: own }) => {
    const headers = { host, ...own };
    const sent = body === undefined ? {} : { body };
    const signed = aws4.sign({ method, service, region, path, headers, ...sent }, credentials);
    const given = Object.entries(signed.headers ?? {}).map(([name, value]) => [name, String(value)] as const);
    return await emulator.askUnsigned({ method, path, headers: Object.fromEntries(given), ...sent });
  };
}

export interface StackChange {
  readonly action: 'CreateStack' | 'UpdateStack' | 'DeleteStack';
  readonly name: string;
  readonly template?: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Asks for a change of a stack. @returns the answer to the request, which is refused or under way */
export function askForChange(query: Query, { action, name, template, parameters = {} }: StackChange): Promise<Answer> {
  const given = Object.entries(parameters).flatMap(([key, value], index) => [
    [`Parameters.member.${index + 1}.ParameterKey`, key] as const,
    [`Parameters.member.${index + 1}.ParameterValue`, value] as const,
  ]);
  return query('cloudformation', action, {
    StackName: name,
    ...(template === undefined ? {} : { TemplateURL: template, 'Capabilities.member.1': 'CAPABILITY_IAM' }),
    ...Object.fromEntries(given),
  });
}

/** Waits for what is under way. @returns the last status of the stack, and what failed */
export async function waitForStack(
  query: Query,
  name: string,
): Promise<{ readonly status: string; readonly why: string }> {
  for (;;) {
    const { body } = await query('cloudformation', 'DescribeStacks', { StackName: name });
    const [, status = 'GONE'] = /<StackStatus>(\w+)</.exec(body) ?? [];
    if (!status.endsWith('_IN_PROGRESS')) {
      const events = await query('cloudformation', 'DescribeStackEvents', { StackName: name });
      const reasons = [...events.body.matchAll(/<ResourceStatusReason>([^<]+)</g)].map(([, reason = '']) => reason);
      return { status, why: reasons.slice(0, 10).join('; ') };
    }
    await sleep(500);
  }
}
