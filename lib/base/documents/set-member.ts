/** Gives an object a member of its own, also when it is called `__proto__`, where assignment sets the prototype. */
export function setMember<T>(object: { [member: string]: T }, member: string, value: T): void {
  if (member === '__proto__') {
    Object.defineProperty(object, member, { value, configurable: true, enumerable: true, writable: true });
  } else {
    object[member] = value;
  }
}
