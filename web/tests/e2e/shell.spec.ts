import { VIEWS } from '../../src/views/names';
import { expect, openStudio, seriousFaults, test } from './fixtures';

test.use({ own: 'shell' }); // in which nothing was ever done

test('opens in Persian, right to left, with what the server says', async ({ page }) => {
  await openStudio(page, '/');
  await expect(page.locator('html')).toHaveAttribute('lang', 'fa');
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
  await expect(page).toHaveTitle('تنظیم · استودیوی persopt');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('تنظیم ابرپارامترها');
  await expect(page.locator('persopt-figures dt').first()).toHaveText('بهینه‌سازی‌ها');
  await expect(page.locator('persopt-figures .value').first()).toHaveText('۰');
});

test('switches to English and keeps it over a reload', async ({ page }) => {
  await openStudio(page);
  await page.getByRole('button', { name: 'Switch to English' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Hyperparameter tuning');
  await expect(page.locator('html')).toHaveAttribute('dir', 'ltr');
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Hyperparameter tuning');
  await expect(page).toHaveTitle('Tuning · persopt studio');
});

test('goes through the sections by keyboard, back and forward, and by deep link', async ({ page }) => {
  await openStudio(page);
  await page.getByRole('link', { name: 'هرس' }).first().focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/studio\/pruning$/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('هرس مدل');
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('تنظیم ابرپارامترها');
  await page.goto('/studio/nowhere');
  await expect(page.getByRole('heading', { name: 'چنین صفحه‌ای نیست' })).toBeVisible();
});

test('changes the theme and keeps it', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await openStudio(page);
  await page.getByRole('button', { name: 'پوستهٔ تیره' }).click();
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  expect(await paper()).toBe('rgb(15, 21, 25)');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  expect(await paper()).toBe('rgb(15, 21, 25)');
});

const LOOKS = [
  ['light', 'fa'],
  ['dark', 'fa'],
  ['light', 'en'],
] as const;

for (const view of VIEWS) {
  test(`axe finds nothing serious in ${view}`, async ({ page }) => {
    for (const [colorScheme, language] of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await page.addInitScript((chosen) => localStorage.setItem('persopt.language', chosen), language);
      await openStudio(page, `/studio/${view}`);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      expect(await seriousFaults(page)).toEqual([]);
    }
  });
}
