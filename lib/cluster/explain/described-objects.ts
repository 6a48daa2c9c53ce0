const KEY = /^[A-Z][A-Za-z0-9/ -]{0,60}$/;
const TEXTS: readonly string[] = ['Message', 'Note', 'Accepted Risks'];

interface Described {
  readonly fields: Map<string, Record<string, string>>;
  readonly conditions: Record<string, string>[];
  readonly history: Record<string, string>[];
  readonly events: string[];
}

/** Objects that `oc describe` wrote, as far as conditions, history, events and what is desired go; undefined for others. */
export function readDescribedObjects(text: string): readonly object[] | undefined {
  const isDescribed = /^[ ]{0,8}Kind: /m.test(text) || text.includes('Last Transition Time: ');
  if (!isDescribed || !text.includes('Message: ')) return undefined;
  const blocks: string[][] = [[]];
  let hasKind = false;
  for (const line of text.split('\n')) {
    const isNext: boolean = line.trimStart().startsWith('Name: ') && hasKind;
    if (isNext) blocks.push([]);
    hasKind = isNext ? false : hasKind || line.trimStart().startsWith('Kind: ');
    blocks.at(-1)?.push(line);
  }
  return blocks.map(toObject);
}

function toObject(lines: readonly string[]): object {
  const { fields, conditions, history, events } = readLines(lines);
  const top = fields.get('') ?? {};
  const desired = fields.get('Desired') ?? fields.get('Desired Update');
  const kind = top['Kind'] ?? (desired === undefined ? 'Unknown' : 'ClusterVersion');
  const release = fields.get('Release');
  return {
    kind,
    metadata: { name: top['Name'] ?? '', ...(top['Namespace'] === undefined ? {} : { namespace: top['Namespace'] }) },
    spec: release === undefined ? {} : { release: toRelease(release) },
    status: {
      ...(desired === undefined ? {} : { desired: toRelease(desired) }),
      conditions: conditions.map(toCondition),
      history: history.map(toEntry),
    },
    events: events.map((message) => ({ message })),
  };
}

function readLines(lines: readonly string[]): Described {
  const described: Described = { fields: new Map(), conditions: [], history: [], events: [] };
  const path: { readonly indent: number; readonly key: string }[] = [];
  let open: { readonly record: Record<string, string>; readonly key: string } | undefined;
  for (const line of lines) {
    const { space, key, value } = readMember(line);
    if (path[0]?.key === 'Events' && (key === '' || space !== '')) {
      described.events.push(line);
      continue;
    }
    if (key === '') {
      if (open !== undefined && line.trim() !== '') open.record[open.key] = `${open.record[open.key] ?? ''}\n${line}`;
      continue;
    }
    while (path.length > 0 && (path.at(-1)?.indent ?? 0) >= space.length) path.pop();
    const record = findRecord(described, path.at(-1)?.key ?? '', key);
    record[key] = value;
    open = TEXTS.includes(key) ? { record, key } : undefined;
    path.push({ indent: space.length, key });
  }
  return described;
}

/** `Key:   value` as `oc describe` writes members: keys are words with capitals. */
function readMember(line: string): { readonly space: string; readonly key: string; readonly value: string } {
  const text = line.trimStart();
  const colon = text.indexOf(':');
  const key = text.slice(0, Math.max(colon, 0));
  const after = text.charAt(colon + 1);
  if (!KEY.test(key) || (after !== '' && after !== ' ')) return { space: '', key: '', value: '' };
  return { space: line.slice(0, line.length - text.length), key, value: text.slice(colon + 1).trim() };
}

/** Members of one condition or entry follow each other; a key that comes again begins the next. */
function findRecord(described: Described, parent: string, key: string): Record<string, string> {
  const list = parent === 'Conditions' ? described.conditions : parent === 'History' ? described.history : undefined;
  if (list === undefined) {
    const known = described.fields.get(parent) ?? {};
    described.fields.set(parent, known);
    return known;
  }
  const last = list.at(-1);
  if (last !== undefined && !(key in last)) return last;
  const next = {};
  list.push(next);
  return next;
}

function toRelease(fields: Readonly<Record<string, string>>): object {
  return { image: fields['Image'], version: fields['Version'] };
}

function toCondition(fields: Readonly<Record<string, string>>): object {
  return {
    type: fields['Type'] ?? '',
    status: fields['Status'] ?? '',
    reason: fields['Reason'] ?? '',
    message: fields['Message'] ?? '',
  };
}

function toEntry(fields: Readonly<Record<string, string>>): object {
  const risks = fields['Accepted Risks'];
  return {
    state: fields['State'],
    verified: fields['Verified'] === 'true',
    image: fields['Image'],
    version: fields['Version'],
    ...(risks === undefined ? {} : { acceptedRisks: risks }),
  };
}
