"""A shop: catalogue, stock, baskets with an offer, orders, what becomes of them."""

from decimal import Decimal

from django.contrib.auth import get_user_model
from oscar.apps.order.utils import OrderCreator
from oscar.core.loading import get_class, get_model
from oscar.test.factories import create_offer

Basket, Category = get_model("basket", "Basket"), get_model("catalogue", "Category")
Product, ProductClass = get_model("catalogue", "Product"), get_model("catalogue", "ProductClass")
Partner, StockRecord = get_model("partner", "Partner"), get_model("partner", "StockRecord")
Order, EventHandler = get_model("order", "Order"), get_class("order.processing", "EventHandler")


def write() -> None:
    """Fill the shop, sell, ship, return."""
    customer = get_user_model().objects.create_user("customer", "customer@example.com", "x")
    products = fill()
    create_offer(name="A tenth")
    for number in range(3):
        basket = Basket.objects.create(owner=customer)
        basket.strategy = get_class("partner.strategy", "Selector")().strategy()
        for product in products:
            basket.add_product(product, quantity=number + 1)
        get_class("offer.applicator", "Applicator")().apply(basket, customer)
        place(basket, customer, f"order-{number}")
    Product.objects.get(title="Cable").delete()
    assert Order.objects.count() == 3
    lamp = StockRecord.objects.get(partner_sku="lamp")
    assert (lamp.num_in_stock, lamp.num_allocated) == (20, 6)


def fill() -> list[object]:
    """Categories in a tree, products with attributes, stock."""
    root = Category.add_root(name="House")
    lamps, cables = root.add_child(name="Lamps"), root.add_child(name="Cables")
    cables.move(lamps, "first-child")
    kind = ProductClass.objects.create(name="Thing")
    kind.attributes.create(name="Colour", code="colour", type="text")
    partner = Partner.objects.create(name="Maker")
    products = []
    for title in ("Lamp", "Cable"):
        product = Product.objects.create(title=title, product_class=kind)
        product.attr.colour = "gold"
        product.save()
        product.categories.add(Category.objects.get(name="Lamps"))
        StockRecord.objects.create(
            product=product,
            partner=partner,
            partner_sku=title.lower(),
            price=Decimal("10.00"),
            num_in_stock=20,
        )
        products.append(product)
    products[0].recommended_products.through.objects.create(primary=products[0], recommendation=products[1])
    return products


def place(basket: object, customer: object, number: str) -> None:
    """Place an order out of a basket."""
    method = get_class("shipping.methods", "Free")()
    charge = method.calculate(basket)
    total = get_class("checkout.calculators", "OrderTotalCalculator")().calculate(basket, charge)
    OrderCreator().place_order(
        basket=basket, total=total, shipping_method=method, shipping_charge=charge, user=customer,
        order_number=number, status="Pending",
    )  # fmt: skip
    basket.submit()
