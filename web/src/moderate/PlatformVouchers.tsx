/** Vouchers of the platform, which hold for every seller's goods. */
import { addPlatformVoucher, changePlatformVoucher, readPlatformVouchers } from "../api/shop";
import { Vouchers } from "../seller/Vouchers";

const ROOM = { read: readPlatformVouchers, add: addPlatformVoucher, change: changePlatformVoucher, about: "A code that holds for every seller's goods." };

export const PlatformVouchers = () => <Vouchers room={ROOM} />;
