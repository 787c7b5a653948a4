// What is done with edbmend.html in Chromium: it is given files, and waited for.
import { resolve } from 'node:path';

const MOST_MEMORY = 64 * 1024 * 1024;

// Gives the page a folder, and waits until it has looked.
export async function given(page, folder, deep) {
  await page.setChecked('#page-deep', deep);
  await page.setInputFiles('#page-folder', resolve(folder));
  await looked(page);
}

export const looked = (page) => page.waitForFunction(() => document.querySelector('#page-progress').hidden
  && (!document.querySelector('#page-save').hidden || document.querySelector('#page-trouble').textContent !== ''));

// The report of the page as JSON.
export async function reported(page, said) {
  const { json, trouble, memory } = await page.evaluate(() => ({
    json: kept?.json,
    trouble: document.querySelector('#page-trouble').textContent,
    memory: last_used?.memory_bytes,
  }));
  if (trouble) said(trouble);
  if (memory > MOST_MEMORY) said(`the program took ${memory} bytes of memory`);
  return json ?? '';
}

// The program, its worker and the page are texts in one file: exchanges a part of one.
export async function exchange(page, id, was, becomes) {
  await page.evaluate(([id, was, becomes]) => {
    const part = document.querySelector(id);
    if (!part.textContent.includes(was)) throw new Error(`${id} has no ${was}`);
    part.textContent = part.textContent.replace(was, becomes);
  }, [id, was, becomes]);
}
