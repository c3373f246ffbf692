"""What is owed on a prescription's way, from the signature to the patient's hand."""

from datetime import timedelta

from baton_events import pharmacy
from baton_events.codes import HandoffName
from services.handoffs.declare import Field, On, Row, Rung, Says, Team

ROWS = (
    Row(
        name=HandoffName.RX_TRANSMIT,
        case="routing",
        opens=(On(pharmacy.PrescriptionRouted),),
        owner=Team("pharmacy-ops"),
        due=Field("transmit_due"),
        closes=(On(pharmacy.PrescriptionAcknowledged),),
        withdraws=(On(pharmacy.PrescriptionCancelled), On(pharmacy.PrescriptionRerouted)),
        ladder=(
            Rung(Team("pharmacists"), timedelta(minutes=15)),
            Rung(Team("care"), timedelta(hours=1)),
        ),
        owed="Get the prescription acknowledged by its pharmacy.",
        says=Says(
            subject="your prescription's way to the pharmacy",
            opened="Your prescription is on its way to a pharmacy. {owner} sees that it arrives by {due}.",
            closed="The pharmacy has your prescription.",
            withdrawn="Your prescription no longer goes to this pharmacy.",
        ),
    ),
    Row(
        name=HandoffName.RX_FILL,
        case="routing",
        opens=(On(pharmacy.PrescriptionAcknowledged),),
        owner=Team("pharmacy-ops"),
        due=Field("fill_due"),
        closes=(On(pharmacy.FillReady), On(pharmacy.FillShipped)),
        withdraws=(On(pharmacy.PrescriptionCancelled), On(pharmacy.PrescriptionRerouted)),
        ladder=(
            Rung(Team("pharmacists"), timedelta(hours=2)),
            Rung(Team("care"), timedelta(hours=12)),
        ),
        owed="Watch the pharmacy until the prescription is filled.",
        says=Says(
            subject="the filling of your prescription",
            opened="The pharmacy fills your prescription by {due}. {owner} watches that it does.",
            closed="Your prescription is filled.",
            withdrawn="This pharmacy no longer fills your prescription.",
        ),
    ),
    Row(
        name=HandoffName.RX_DELIVER,
        case="routing",
        opens=(On(pharmacy.FillShipped),),
        owner=Team("pharmacy-ops"),
        due=Field("deliver_due"),
        closes=(On(pharmacy.FillDelivered),),
        withdraws=(On(pharmacy.FillReturned),),
        ladder=(
            Rung(Team("support"), timedelta(hours=12)),
            Rung(Team("care"), timedelta(hours=24)),
        ),
        owed="Watch the carrier until the delivery is at the door.",
        says=Says(
            subject="your delivery",
            opened="Your delivery is on its way, promised by {due}. {owner} watches that it arrives.",
            closed="Your delivery is at your door.",
            withdrawn="Your delivery went back to the pharmacy.",
        ),
    ),
    Row(
        name=HandoffName.RX_PICK_UP,
        case="routing",
        opens=(On(pharmacy.FillReady),),
        owner=Team("pharmacists"),
        due=Field("pick_up_due"),
        closes=(On(pharmacy.FillPickedUp),),
        withdraws=(On(pharmacy.FillReturned), On(pharmacy.PrescriptionCancelled)),
        ladder=(
            Rung(Team("support"), timedelta(days=2)),
            Rung(Team("care"), timedelta(days=2)),
        ),
        owed="See that the patient gets what waits at the counter.",
        says=Says(
            subject="what waits for you at the counter",
            opened="It waits for you at the pharmacy's counter. If it is still there on {due}, we call you.",
            closed="You have picked it up.",
            withdrawn="It no longer waits at the counter.",
            escalated="It still waits at the counter. {owner} calls you about it by {due}.",
        ),
    ),
    Row(
        name=HandoffName.RX_RESOLVE,
        case="problem",
        opens=(On(pharmacy.ProblemRaised),),
        owner=Field("resolve_owner"),
        due=Field("resolve_due"),
        closes=(On(pharmacy.ProblemResolved),),
        withdraws=(On(pharmacy.PrescriptionCancelled),),
        ladder=(
            Rung(Team("pharmacists"), timedelta(hours=1)),
            Rung(Team("care"), timedelta(hours=4)),
        ),
        owed="Settle what stands in the way of the fill.",
        says=Says(
            subject="what the pharmacy reported",
            opened="The pharmacy cannot fill your prescription yet. You need do nothing: {owner} settles it by {due}.",
            closed="What stood in the way of your prescription is settled.",
            withdrawn="The prescription was cancelled, so there is nothing left to settle.",
        ),
    ),
    Row(
        name=HandoffName.RX_RENEW,
        case="renewal",
        opens=(On(pharmacy.RenewalRequested),),
        owner=Field("renew_owner"),
        due=Field("renew_due"),
        closes=(On(pharmacy.RenewalApproved), On(pharmacy.RenewalDenied)),
        withdraws=(On(pharmacy.RenewalWithdrawn),),
        ladder=(
            Rung(Team("clinicians-on-call"), timedelta(hours=12)),
            Rung(Team("care"), timedelta(hours=24)),
        ),
        owed="Decide on the renewal of the prescription.",
        says=Says(
            subject="the renewal of your prescription",
            opened="No refills are left. {owner} decides on a renewal by {due}.",
            closed="Your renewal is decided.",
            withdrawn="You no longer ask for the renewal.",
        ),
    ),
)
