/** The operator makes these itself, and would write over what is applied under such a name. */
export function isClusterOwnedName(name: string, pool: string): boolean {
  const templates = [`00-${pool}`, `01-${pool}-container-runtime`, `01-${pool}-kubelet`];
  const isGenerated = /^[0-9]{2}-/.test(name) && name.slice(3).startsWith(`${pool}-generated-`);
  return templates.includes(name) || isGenerated || name.startsWith('rendered-');
}
