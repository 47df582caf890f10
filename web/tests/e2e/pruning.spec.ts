import type { Page } from '@playwright/test';
import { expect, openStudio, seriousFaults, test } from './fixtures';

/* A real job of a tiny model; its libraries take most of the time. */
const PATIENCE = { timeout: 240_000 };

async function chooseModel(page: Page, name: string): Promise<void> {
  const model = page.getByRole('combobox', { name: 'مدل', exact: true });
  await model.fill(name);
  await page.getByRole('option', { name }).first().click();
}

test('prunes a model from form to result', async ({ page }) => {
  test.setTimeout(300_000);
  await openStudio(page, '/studio/pruning');
  await chooseModel(page, 'models/tiny-bert-fa-2');
  await expect(page.getByRole('textbox', { name: 'پوشهٔ خروجی' })).toHaveValue('models/tiny-bert-fa-2-pruned');
  await page.getByRole('radio', { name: /واحدهای کامل/ }).check();
  await page.getByRole('textbox', { name: 'سهم حذف‌شونده' }).fill('۰٫۴');
  await expect(page.getByText(/۴۰.?٪.? از وزن‌های/)).toBeVisible();

  // What was filled in is there after a reload.
  await page.reload();
  await expect(page.getByRole('radio', { name: /واحدهای کامل/ })).toBeChecked();
  await expect(page.getByRole('textbox', { name: 'سهم حذف‌شونده' })).toHaveValue('۰٫۴');

  await page.getByRole('button', { name: 'آغاز', exact: true }).click();
  await expect(page).toHaveURL(/\/studio\/pruning\/[0-9a-f]{20}$/);
  await expect(page.locator('persopt-prune-result .headline')).toContainText('برابر کوچک‌تر', PATIENCE);
  await expect(page.getByRole('row', { name: /وزن‌ها روی دیسک/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /پارامترها/ })).toBeVisible();
  await expect(page.getByText('سنجیده نشد: دادگانی داده نشده بود.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'صفحهٔ کار' })).toHaveAttribute('href', /\/studio\/jobs\/[0-9a-f]{20}$/);
  expect(await seriousFaults(page)).toEqual([]);

  // The address alone shows the same result, and the form begins again with the job's spec.
  await page.reload();
  await expect(page.locator('persopt-prune-result .headline')).toContainText('برابر کوچک‌تر');
  await page.getByRole('button', { name: 'دوباره با تغییر' }).click();
  await expect(page.getByRole('combobox', { name: 'مدل', exact: true })).toHaveValue('models/tiny-bert-fa-2');
  await expect(page.getByRole('textbox', { name: 'پوشهٔ خروجی' })).toHaveValue('models/tiny-bert-fa-2-pruned-2');
});

test('shows what is wrong at its field, and leads to it', async ({ page }) => {
  await openStudio(page, '/studio/pruning');
  await page.getByRole('button', { name: 'آغاز', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('یک مورد باید درست شود');
  await page.getByRole('alert').getByRole('button', { name: 'مدل' }).click();
  await expect(page.getByRole('combobox', { name: 'مدل', exact: true })).toBeFocused();

  // A pattern that the server refuses: it keeps every weight.
  await chooseModel(page, 'models/tiny-bert-fa-2');
  await page.getByRole('radio', { name: /الگوی N:M/ }).check();
  const pattern = page.getByRole('combobox', { name: 'الگو', exact: true });
  await pattern.fill('4:4');
  await page.getByRole('button', { name: 'آغاز', exact: true }).click();
  await expect(pattern).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByRole('alert')).toContainText('4:4');
  await pattern.fill('2:4');
  await pattern.blur();
  await expect(pattern).not.toHaveAttribute('aria-invalid', 'true');
});

test('axe finds nothing serious in the whole form, wide and on a phone', async ({ page }) => {
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 850 });
    await openStudio(page, '/studio/pruning');
    await page.getByRole('checkbox', { name: /بازآموزی و سنجش/ }).check();
    await page.getByRole('checkbox', { name: /یادگیری از مدل هرس‌نشده/ }).check();
    await page.getByText('تنظیم‌های بیشتر').click();
    expect(await seriousFaults(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  }
});
