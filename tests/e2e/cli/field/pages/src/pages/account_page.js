import { BasePage } from './base_page.js';

export class AccountPage extends BasePage {
  static path = '/api/me';

  async name() {
    return (await this.open()).json('name');
  }
}
