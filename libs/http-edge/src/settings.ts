/**
 * Settings of our servers, as flags and variables give them: text.
 * @module
 */

/** A setting that cannot be used; the message is for the operator. */
export class SettingError extends Error {}

/** @throws SettingError naming `setting` */
export function portNumber(setting: string, text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new SettingError(`${setting} expected a port, 0 to 65535, got '${text}'`);
  return port;
}

/** @throws SettingError naming `setting` */
export function onOrOff(setting: string, text: string): boolean {
  if (text !== "on" && text !== "off") throw new SettingError(`${setting} expected 'on' or 'off', got '${text}'`);
  return text === "on";
}
